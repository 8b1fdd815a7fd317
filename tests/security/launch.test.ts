// What reaches an agent's CLI: its words unchanged, run by nothing, and files that stay in their folders.
import { describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import fc from "fast-check";
import type { AgentCli } from "../../src/agents/agent-cli.ts";
import { claude } from "../../src/agents/claude/claude.ts";
import { launchAgent } from "../../src/agents/launch.ts";
import { CliaiError } from "../../src/domain/text/errors.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { runCliai } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";

const nastyTexts = [
  '$(touch "$CANARY")',
  "`touch $CANARY`",
  '"; touch "$CANARY"; "',
  "'; touch \"$CANARY\"; '",
  'x && touch "$CANARY" || touch "$CANARY" | touch "$CANARY" & touch "$CANARY"',
  'one\ntouch "$CANARY"\nthree\r\nfour\ttab',
  "%PATH% %CD% !CANARY! ^& ^|",
  "--dangerously-skip-permissions",
  "-p",
  "--",
  "",
  " ",
  "\\",
  '\\"',
  "*",
  "~",
  "$".concat("{CANARY}"),
  "<(touch $CANARY) > $CANARY",
  "\u001b[31mred\u0007",
  "ümläut 日本語 🦖",
];

/** A CLI that writes down each of its arguments. */
async function recorder(path: string): Promise<AgentCli> {
  await writeFile(path, '#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done > "$WORDS"\n', { mode: 0o700 });
  return { ...claude, program: path };
}

test("a task arrives unchanged as one argument, whatever it is made of, and runs nothing", async () => {
  await using dir = await tempDir();
  const cli = await recorder(dir.join("cli"));
  const env = { PATH: process.env.PATH, WORDS: dir.join("words"), CANARY: dir.join("canary") };
  const launch = async (task: string, instructions: string) => {
    const { args } = await cli.prepare({
      agentId: parseAgentId("ada"),
      sessionId: "0b0e0000-0000-4000-8000-000000000000",
      mcpConfigPath: "/mcp.json",
      ...{ dir: "/ada", cwd: dir.path, mcpServer: { command: "cliai", args: [], env: {} } },
      strictMcp: false,
      instructions,
      task,
      passedOn: [task],
    });
    expect(
      await launchAgent({ cli, args, cwd: dir.path, env, isTerminal: false, run: crypto.randomUUID() })
        .exitCode,
    ).toBe(0);
    const words = (await readFile(dir.join("words"), "utf8")).split("\0").slice(0, -1);
    expect(words).toEqual([...args]);
    expect(words.at(-1)).toBe(task);
    expect(await readdir(dir.path)).not.toContain("canary");
  };
  for (const text of nastyTexts) await launch(text, text);
  const text = fc
    .oneof(
      fc.string({ unit: "grapheme" }),
      fc.array(fc.constantFrom(...nastyTexts)).map((all) => all.join("")),
    )
    .map((all) => all.replaceAll("\0", ""));
  await fc.assert(fc.asyncProperty(text, text, launch), { numRuns: 60 });
});

test("a task of a hundred KiB arrives whole", async () => {
  await using dir = await tempDir();
  const cli = await recorder(dir.join("cli"));
  const env = { PATH: process.env.PATH, WORDS: dir.join("words") };
  const task = "wörd ".repeat(20_000);
  expect(
    await launchAgent({
      cli,
      args: ["--", task],
      cwd: dir.path,
      env,
      isTerminal: false,
      run: crypto.randomUUID(),
    }).exitCode,
  ).toBe(0);
  expect((await readFile(dir.join("words"), "utf8")).split("\0")[1]).toBe(task);
});

describe("names", () => {
  test("of an agent cannot leave its folder: what is no id is refused, and an id is one plain name", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.constantFrom(
            "..",
            ".",
            "a/b",
            "a\\b",
            "a\0b",
            "-a",
            "C:",
            "a.",
            "con ",
            "é",
            "a\n",
            `${"a".repeat(64)}`,
          ),
        ),
        (text) => {
          try {
            expect(parseAgentId(text)).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/);
          } catch (error) {
            expect(error).toBeInstanceOf(CliaiError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each(["../evil", "a/../../evil", "/etc/evil", "a\\..\\evil", ".", "..", "-x", "a b"])(
    "spawn --id %j is refused before a file is written",
    async (id) => {
      await using dir = await tempDir();
      const run = await runCliai(["spawn", "--dry-run", "--data-dir", dir.join("data"), `--id=${id}`]);
      expect(run).toMatchObject({ code: 2, stdout: "" });
      expect(await readdir(dir.path)).not.toContain("evil");
      expect(run.stderr).toContain(`"${id}" is not an agent id`);
    },
  );

  test("a link in the place of a file is replaced, and one in the place of a folder refused", async () => {
    await using dir = await tempDir();
    const dataDir = dir.join("data");
    const spawn = () => runCliai(["spawn", "--dry-run", "--data-dir", dataDir, "--id", "ada"]);
    await writeFile(dir.join("victim"), "precious");
    await mkdir(`${dataDir}/agents/ada`, { recursive: true, mode: 0o700 });
    await symlink(dir.join("victim"), `${dataDir}/agents/ada/mcp.json`);
    expect((await spawn()).code).toBe(0);
    expect(await readFile(dir.join("victim"), "utf8")).toBe("precious");

    await using other = await tempDir();
    await mkdir(other.join("elsewhere"));
    await mkdir(other.join("data"));
    for (const name of ["agents", "keys"]) await symlink(other.join("elsewhere"), other.join(`data/${name}`));
    const refused = await runCliai(["spawn", "--dry-run", "--data-dir", other.join("data"), "--id", "ada"]);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("a symbolic link stands in its place"),
    });
    const serve = ["serve", "--port", "0", "--nats-port", "0", "--data-dir", other.join("data")];
    expect(await runCliai(serve)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("a symbolic link stands"),
    });
    expect(await readdir(other.join("elsewhere"))).toEqual([]);
  });
});
