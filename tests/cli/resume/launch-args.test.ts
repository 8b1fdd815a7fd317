// The flags of a launch as arguments, and those that a `spawn --resume` takes from the launch before.
import { describe, expect, test } from "bun:test";
import { launchArgs, launchFlagsOf, withLastFlags } from "../../../src/cli/resume/launch-args.ts";
import { writeLaunchedAs } from "../../../src/data-dir/launched-as.ts";
import type { LaunchedAs } from "../../../src/domain/launch-flags.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

test("launchFlagsOf() has the given flags, with the full path of the settings file; launchArgs() gives them back", () => {
  const given = { role: "captain", model: "m1", config: "c.json", "strict-mcp": true } as const;
  const flags = launchFlagsOf(given, ["-p"], testContext({ cwd: "/project" }));
  expect(flags).toEqual({
    ...{ role: "captain", model: "m1", config: "/project/c.json", strict_mcp: true, passed_on: ["-p"] },
  });
  expect(launchArgs(flags)).toEqual({
    own: ["--role=captain", "--model=m1", "--config=/project/c.json", "--strict-mcp"],
    passedOn: ["--", "-p"],
  });
  expect(launchFlagsOf({ "resume-on-terminal": true }, undefined, testContext())).toEqual({
    resume_on_terminal: true,
  });
  expect(launchArgs({ resume_on_terminal: true }).own).toEqual(["--resume-on-terminal"]);
  expect(launchFlagsOf({ "strict-mcp": false }, undefined, testContext())).toEqual({});
  expect(launchArgs(launchFlagsOf({ budget: "5/day" }, undefined, testContext())).own).toEqual([
    "--budget=5/day",
  ]);
  expect(launchArgs({ cli: "opencode", die_with_terminal: true, passed_on: [] })).toEqual({
    own: ["--cli=opencode", "--die-with-terminal"],
    passedOn: ["--"],
  });
});

describe("withLastFlags()", () => {
  const before: LaunchedAs = {
    ...{ profile: "coder", headless: true, role: "captain", model: "m1", strict_mcp: true },
    passed_on: ["--verbose"],
  };
  const spawned = async (
    dir: TempDir,
    args: Parameters<typeof withLastFlags>[0],
    passedOn?: readonly string[],
  ) => {
    const context = testContext({ cwd: dir.path });
    const as = await withLastFlags({ "data-dir": dir.path, ...args }, passedOn, context);
    return { ...as, noted: context.noted };
  };

  test("a session that goes on has the flags of its launch, but its own place: with a terminal or without", async () => {
    await using dir = await tempDir();
    await writeLaunchedAs(dir.path, ada, { ...before, resume_on_terminal: true });
    const { args, passedOn, hasSecret } = await spawned(dir, { id: "ada", resume: "s1" });
    expect(args).toEqual({
      ...{ "data-dir": dir.path, id: "ada", resume: "s1", profile: "coder" },
      ...{ role: "captain", model: "m1", "strict-mcp": true },
    });
    expect([passedOn, hasSecret]).toEqual([["--verbose"], false]);
  });

  test("what is given counts, and `--` with nothing after it passes nothing on", async () => {
    await using dir = await tempDir();
    await writeLaunchedAs(dir.path, ada, before);
    const given = { id: "ada", resume: "s1", role: "agent", model: "m2" } as const;
    expect(await spawned(dir, given, [])).toMatchObject({
      args: { role: "agent", model: "m2" },
      passedOn: [],
    });
    expect((await spawned(dir, given, ["-x"])).passedOn).toEqual(["-x"]);
  });

  test.each([
    ["a new session", { id: "ada" }],
    ["another profile", { id: "ada", resume: "s1", profile: "reviewer" }],
    ["another agent", { id: "bob", resume: "s1" }],
    ["an agent without a name", { resume: "s1" }],
  ])("%s has none of them", async (_, args) => {
    await using dir = await tempDir();
    await writeLaunchedAs(dir.path, ada, before);
    expect(await spawned(dir, args)).toMatchObject({
      args: { "data-dir": dir.path, ...args },
      ...{ passedOn: [], hasSecret: false, noted: [] },
    });
    expect((await spawned(dir, args)).args).not.toHaveProperty("model");
  });

  test("says that what may be a secret was not kept, until it is given again", async () => {
    await using dir = await tempDir();
    await writeLaunchedAs(dir.path, ada, { ...before, passed_on: ["--api-key", "x"] });
    const again = await spawned(dir, { id: "ada", resume: "s1" });
    expect(again).toMatchObject({ passedOn: [], hasSecret: true });
    expect(again.noted).toEqual([expect.stringContaining("to give them again: cliai resume ada -- …")]);
    const given = await spawned(dir, { id: "ada", resume: "s1" }, ["--verbose"]);
    expect(given).toMatchObject({ passedOn: ["--verbose"], hasSecret: false, noted: [] });
  });
});

test("launchFlagsOf() takes no model server with a password, because it would stand in arguments and files", () => {
  const flags = () => launchFlagsOf({ "model-server": "http://me:hunter2@gpu" }, undefined, testContext());
  expect(flags).toThrow("--model-server http://***@gpu holds a user or a password");
});
