import { describe, expect, test } from "bun:test";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createLaunchedAgents,
  createLaunchesForCaptains,
  createLaunchTasks,
} from "../../src/data-dir/launched-agents.ts";
import { createLogger, silentLogger } from "../../src/log.ts";
import { ada, bob } from "../support/agents.ts";
import { tempDir } from "../support/temp-dir.ts";

const isPosix = process.platform !== "win32";
const launched = { profile: "coder", project: "/work", session_id: "session-1" };
const since = "2026-01-01T00:00:00.000Z";

describe("createLaunchedAgents()", () => {
  test("remembers each agent until it is told to forget it", async () => {
    await using dir = await tempDir();
    const memory = createLaunchedAgents(dir.path, silentLogger);
    expect([...(await memory.read())]).toEqual([]);
    await memory.remember(ada, launched);
    await memory.remember(bob, { ...launched, profile: "demo" });
    await memory.remember(ada, { ...launched, session_id: "session-2" });
    const read = await createLaunchedAgents(dir.path, silentLogger).read();
    expect([...read].sort()).toEqual([
      [ada, { ...launched, session_id: "session-2" }],
      [bob, { ...launched, profile: "demo" }],
    ]);
    await memory.forget(ada);
    await memory.forget(ada);
    expect([...(await memory.read()).keys()]).toEqual([bob]);
  });

  test.skipIf(!isPosix)("keeps it from other users of the machine", async () => {
    await using dir = await tempDir();
    await createLaunchedAgents(dir.path, silentLogger).remember(ada, launched);
    const file = join(dir.path, "agents", ada, "launched.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("a file that cannot be read is named in the log, and the others are read", async () => {
    await using dir = await tempDir();
    const lines: string[] = [];
    const log = createLogger(
      "debug",
      (line) => void lines.push(line),
      () => new Date(),
    );
    await createLaunchedAgents(dir.path, silentLogger).remember(bob, launched);
    const file = join(dir.path, "agents", ada, "launched.json");
    for (const text of [
      "",
      '{"profile":"coder"',
      '{"profile":"coder"}',
      '{"profile":1,"project":"/","session_id":"s"}',
    ]) {
      await mkdir(join(dir.path, "agents", ada), { recursive: true });
      await writeFile(file, text);
      lines.length = 0;
      expect([...(await createLaunchedAgents(dir.path, log).read()).keys()]).toEqual([bob]);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(`cannot use ${file}, so ada is not launched again`);
    }
  });
});

describe("the three records of a launch", () => {
  test("stand beside each other, and each says what is lost with it", async () => {
    await using dir = await tempDir();
    await createLaunchedAgents(dir.path, silentLogger).remember(ada, launched);
    await createLaunchesForCaptains(dir.path, silentLogger).remember(ada, {
      captain: bob,
      task: "dig",
      since,
    });
    await createLaunchTasks(dir.path, silentLogger).remember(ada, {
      ...{ command_id: "c1", text: "dig", from: "ann", since },
    });
    const folder = join(dir.path, "agents", ada);
    expect((await readdir(folder)).sort()).toEqual([
      ...["launch-task.json", "launched-for.json", "launched.json"],
    ]);
    const lines: string[] = [];
    const log = createLogger(
      "debug",
      (line) => void lines.push(line),
      () => new Date(),
    );
    for (const name of ["launched-for.json", "launch-task.json"]) await writeFile(join(folder, name), "{}");
    expect((await createLaunchesForCaptains(dir.path, log).read()).size).toBe(0);
    expect((await createLaunchTasks(dir.path, log).read()).size).toBe(0);
    expect(lines[0]).toContain("so the captain of ada is not told how the agent ends");
    expect(lines[1]).toContain("so ada does not get the task of its launch");
  });
});
