import { describe, expect, test } from "bun:test";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { claude } from "../../../src/agents/claude/claude.ts";
import { untriedWords } from "../../../src/cli/spawn/cli-probe.ts";
import { claudePath } from "../../support/claude-code.ts";
import { tempDir } from "../../support/temp-dir.ts";

const cli = { name: "claude", triedVersion: "2.1.330", probedFlags: ["--settings", "--session-id"] };

/** A program that prints this help, and notes each call. */
async function program(dir: { join(...parts: string[]): string }, help: string): Promise<string> {
  const path = dir.join("program");
  await writeFile(path, `#!/bin/sh\necho "$@" >> '${dir.join("calls")}'\necho '${help}'\n`);
  await chmod(path, 0o700);
  return path;
}

describe("untriedWords()", () => {
  test("a release that was never tried is said, and probed once; the next one is probed again", async () => {
    await using dir = await tempDir();
    const probe = (version: string | undefined, path: string) =>
      untriedWords({
        cli,
        program: path,
        version,
        dataDir: dir.path,
        env: process.env,
        now: () => new Date(0),
      });
    const good = await program(dir, "  --settings <file>  --session-id <uuid>");
    expect(await probe("2.1.330", good)).toBeUndefined();
    expect(await probe(undefined, good)).toBeUndefined();
    const words =
      "cliai was never tried with claude 3.0.0 (tried: 2.1.330); its --help names all options that cliai uses";
    expect([await probe("3.0.0", good), await probe("3.0.0", good)]).toEqual([words, words]);
    expect(await readFile(dir.join("calls"), "utf8")).toBe("--help\n");
    const lacking = await program(dir, "  --settings-file <file>  --session-id <uuid>");
    expect(await probe("3.1.0", lacking)).toBe(
      "cliai was never tried with claude 3.1.0 (tried: 2.1.330); its --help lacks --settings, which cliai uses: if it does not start, get 2.1.330",
    );
    expect(await readFile(dir.join("calls"), "utf8")).toBe("--help\n--help\n");
    expect(JSON.parse(await readFile(dir.join("clis.json"), "utf8"))).toEqual({
      claude: { version: "3.1.0", missing: ["--settings"], probed_at: "1970-01-01T00:00:00.000Z" },
    });
  });

  test("one whose help cannot be read is said to be that, and is probed at the next launch", async () => {
    await using dir = await tempDir();
    const options = { cli, version: "3.0.0", dataDir: dir.path, env: process.env, now: () => new Date() };
    expect(await untriedWords({ ...options, program: dir.join("none") })).toEndWith(
      ", and its --help cannot be read",
    );
    const good = await program(dir, "--settings --session-id");
    expect(await untriedWords({ ...options, program: good })).toEndWith("names all options that cliai uses");
  });

  test("the real Claude Code names every option that cliai uses", async () => {
    await using dir = await tempDir();
    const env = { PATH: process.env.PATH, HOME: dir.path };
    const options = { cli: claude, program: claudePath(), version: "99.0.0", dataDir: dir.path, env };
    expect(await untriedWords({ ...options, now: () => new Date() })).toEndWith(
      "names all options that cliai uses",
    );
  });
});
