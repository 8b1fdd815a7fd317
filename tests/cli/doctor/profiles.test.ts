// What `cliai doctor` finds in the profiles that count in a directory.
import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { agentClis } from "../../../src/agents/agent-clis.ts";
import { checkProfiles } from "../../../src/cli/doctor/profiles.ts";
import type { FoundCli } from "../../../src/cli/found-clis.ts";
import { testContext } from "../../support/cli-context.ts";
import { tempDir } from "../../support/temp-dir.ts";

const only = (...names: string[]): FoundCli[] =>
  agentClis.map((cli) => (names.includes(cli.name) ? { cli, path: `/bin/${cli.program}` } : { cli }));

async function check(files: Record<string, string>, found = only("claude")) {
  await using dir = await tempDir();
  await mkdir(dir.join("data"));
  await mkdir(dir.join("project", ".cliai"), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(dir.join(name), text);
  const checks = await checkProfiles(dir.join("data"), found, testContext({ cwd: dir.join("project") }));
  return checks.map((each) => ({ ...each, message: each.message.replaceAll(dir.path, "DIR") }));
}

describe("checkProfiles()", () => {
  test("counts the profiles, and names the files that they come from", async () => {
    const [check1] = await check({});
    expect(check1?.message).toMatch(/^\d+ profiles, built in$/);
    const [check2] = await check({ "data/profiles.json": '{"mine": {"cli": "claude"}}' });
    expect(check2).toMatchObject({ check: "profiles", ok: true });
    expect(check2?.message).toEndWith("from the built-in ones, DIR/data/profiles.json");
  });

  test("finds a person's profile whose CLI is missing, and no built-in one", async () => {
    const files = { "data/profiles.json": '{"mine": {"cli": "codex"}}' };
    expect(await check(files)).toEqual([
      {
        ...{ check: "profiles", ok: false, message: 'the profile "mine" needs codex, which is not on PATH' },
        remedy: agentClis.find(({ name }) => name === "codex")?.install ?? "",
      },
    ]);
    expect((await check(files, only("claude", "codex"))).map(({ ok }) => ok)).toEqual([true]);
    // Where no CLI is there at all, that is one problem, which the check of the CLIs has.
    expect((await check(files, only())).map(({ ok }) => ok)).toEqual([true]);
  });

  test("finds a broken file once, however many profiles it has, and each wrong profile", async () => {
    const broken = (await check({ "data/profiles.json": "{,}" })).filter(({ ok }) => !ok);
    expect(broken.map(({ message }) => message)).toEqual(["DIR/data/profiles.json:1:2 is not JSON"]);
    const wrong = await check({ "data/profiles.json": '{"a": {"cli": 7}, "b": {"rule": "x"}}' });
    expect(wrong.map(({ ok, message }) => [ok, message.includes('"a') || message.includes('"b')])).toEqual([
      [false, true],
      [false, true],
    ]);
  });

  test("does not take a project's file that nobody has trusted for a problem, and says that it does not count", async () => {
    const checks = await check({ "project/.cliai/profiles.json": '{"theirs": {"cli": "codex"}}' });
    expect(checks.map(({ ok }) => ok)).toEqual([true, true]);
    expect(checks[1]?.message).toContain("DIR/project/.cliai/profiles.json");
  });
});
