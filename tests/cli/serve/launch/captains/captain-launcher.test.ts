// What a captain's launch is refused for, before anything is started. What it starts: tests/e2e/spawn-agent.test.ts.
import { describe, expect, test } from "bun:test";
import { createAgentLauncher } from "../../../../../src/cli/serve/launch/captains/captain-launcher.ts";
import { profileReader } from "../../../../../src/cli/spawn/profile.ts";
import { parseConfig } from "../../../../../src/config/config.ts";
import { takeAgentLock } from "../../../../../src/data-dir/agent-lock.ts";
import { createLaunchesForCaptains } from "../../../../../src/data-dir/launched-agents.ts";
import { writeRunFile } from "../../../../../src/data-dir/run-file.ts";
import type { AgentId } from "../../../../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../../../../src/log.ts";
import { readProcessStart } from "../../../../../src/processes/process-start.ts";
import type { EndedLaunch } from "../../../../../src/server/tools/launch-notice.ts";
import { ada, bob } from "../../../../support/agents.ts";
import { startChild } from "../../../../support/child.ts";
import { type TempDir, tempDir } from "../../../../support/temp-dir.ts";
import { stays, until } from "../../../../support/wait-for.ts";

const config = parseConfig('{"agents":{"coder":{}}}', "profiles.json");

interface Wanted {
  readonly callId?: string;
  readonly profile?: string;
  readonly task?: string;
  readonly project?: string;
}

type OnEnded = (ended: EndedLaunch) => Promise<void>;

function launcherIn(dir: TempDir, onEnded: OnEnded = async () => undefined, known: readonly AgentId[] = []) {
  const context = { env: { PATH: "/nonexistent" }, cwd: dir.path, now: () => new Date(), log: silentLogger };
  const { launch, resume, stop } = createAgentLauncher({
    dataDir: dir.join("data"),
    profiles: profileReader({ config, path: undefined }, dir.join("data")),
    configPath: undefined,
    context,
    hosts: { look: async () => undefined },
    onEnded,
  });
  let asked = 0;
  const isKnown = (id: AgentId) => {
    asked += 1;
    return known.includes(id);
  };
  return {
    resume,
    stop,
    /** How many ids were looked at: none before all else is in order. */
    idsAsked: () => asked,
    launch: ({ callId = crypto.randomUUID(), profile = "coder", task = "dig", ...more }: Wanted) =>
      launch({
        callId,
        captain: ada,
        profile,
        task,
        ...more,
        isKnown,
        isOnline: (id) => known.includes(id),
        hasBegun: (id) => known.includes(id),
      }),
  };
}

describe("createAgentLauncher()", () => {
  test.each<[Wanted, string, string]>([
    [{ profile: "codr" }, "message_invalid", 'no profile "codr"'],
    [{ task: "x".repeat(120_001) }, "message_invalid", "the task has 120001 bytes"],
    [{ task: "a\0b" }, "message_invalid", "the task contains a NUL character"],
  ])("refuses %j as %s, and starts nothing", async (wanted, code, message) => {
    await using dir = await tempDir();
    const launcher = launcherIn(dir);
    await expect(launcher.launch(wanted)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
    expect(launcher.idsAsked()).toBe(0);
  });

  test("starts nothing more once it is stopped", async () => {
    await using dir = await tempDir();
    const launcher = launcherIn(dir);
    const asked = launcher.launch({});
    await launcher.stop();
    await expect(asked).rejects.toMatchObject({ code: "interrupted" });
    expect(launcher.idsAsked()).toBe(0);
  });

  test("gives the calls of one id one launch, and lets one that failed be tried again", async () => {
    await using dir = await tempDir();
    const launcher = launcherIn(dir);
    const first = launcher.launch({ callId: "c1", project: "nowhere" });
    expect(launcher.launch({ callId: "c1", project: "nowhere" })).toBe(first);
    const other = launcher.launch({ callId: "c2", project: "nowhere" });
    expect(other).not.toBe(first);
    await expect(first).rejects.toMatchObject({ code: "message_invalid" });
    await expect(other).rejects.toMatchObject({ code: "message_invalid" });
    const again = launcher.launch({ callId: "c1", project: "nowhere" });
    expect(again).not.toBe(first);
    await expect(again).rejects.toMatchObject({ code: "message_invalid" });
  });
});

describe("createAgentLauncher().launch() of a call that an earlier serve had", () => {
  const callId = "c1";
  const memoryOf = (dir: TempDir) => createLaunchesForCaptains(dir.join("data"), silentLogger);
  const begunBy = (ago: number) => ({
    ...{ captain: ada, task: "dig", call_id: callId },
    since: new Date(Date.now() - ago).toISOString(),
  });

  test("the agent that it has launched is the answer, and no second one is launched", async () => {
    await using dir = await tempDir();
    await memoryOf(dir).remember(bob, begunBy(2_000));
    const lock = await takeAgentLock(dir.join("data"), bob);
    const launcher = launcherIn(dir, undefined, [bob]);
    expect(await launcher.launch({ callId })).toEqual({ agent_id: bob, isConnected: true });
    expect([...(await memoryOf(dir).read()).keys()]).toEqual([bob]);
    await launcher.stop();
    lock.release();
  });

  test("one that has ended since is not launched again", async () => {
    await using dir = await tempDir();
    await memoryOf(dir).remember(bob, begunBy(60_000));
    const launcher = launcherIn(dir, undefined, [bob]);
    expect(await launcher.launch({ callId })).toMatchObject({ agent_id: bob });
    await launcher.stop();
  });

  test("a launch that came to nothing is begun anew", async () => {
    await using dir = await tempDir();
    await memoryOf(dir).remember(bob, begunBy(60_000));
    const launcher = launcherIn(dir);
    await expect(launcher.launch({ callId })).rejects.toThrow(/^Coder-\d+ did not start/);
    await launcher.stop();
  });
});

describe("createAgentLauncher().resume()", () => {
  const since = new Date(Date.now() - 60_000).toISOString();
  const memoryOf = (dir: TempDir) => createLaunchesForCaptains(dir.join("data"), silentLogger);

  test("tells the captain of an agent that has ended while no serve ran, once", async () => {
    await using dir = await tempDir();
    await memoryOf(dir).remember(bob, { captain: ada, task: "dig", since });
    const told: EndedLaunch[] = [];
    for (const _serve of [1, 2]) {
      const launcher = launcherIn(dir, async (ended) => void told.push(ended));
      await launcher.resume();
      await until("nothing is left to tell", async () => (await memoryOf(dir).read()).size === 0);
      await launcher.stop();
    }
    expect(told).toEqual([{ id: bob, captain: ada, task: "dig", how: "its end was not seen" }]);
  });

  test("leaves it to the next serve if the captain cannot be told now", async () => {
    await using dir = await tempDir();
    await memoryOf(dir).remember(bob, { captain: ada, task: "dig", since });
    const tries: string[] = [];
    const launcher = launcherIn(dir, async ({ id }) => {
      tries.push(id);
      throw new Error("ada was stopped");
    });
    await launcher.resume();
    await until("it was tried", () => tries.length === 1);
    await launcher.stop();
    expect([...(await memoryOf(dir).read()).keys()]).toEqual([bob]);
  });

  test("does not tell an end while a host holds the agent that its run file does not name yet", async () => {
    await using dir = await tempDir();
    const lock = await takeAgentLock(dir.join("data"), bob);
    await memoryOf(dir).remember(bob, { captain: ada, task: "dig", since });
    const told: string[] = [];
    const launcher = launcherIn(dir, async ({ how }) => void told.push(how));
    await launcher.resume();
    await stays(() => told.length === 0, {
      ...{ what: "nothing is told", because: "a host on a busy machine may take as long", forMs: 6_500 },
    });
    lock.release();
    await until("its end is told", () => told.length > 0);
    await launcher.stop();
  });

  test("waits for the end of an agent whose host runs on", async () => {
    await using dir = await tempDir();
    const data = dir.join("data");
    const lock = await takeAgentLock(data, bob);
    await memoryOf(dir).remember(bob, { captain: ada, task: "dig", since });
    await using host = await startChild("sleep", ["60"]);
    const started = await readProcessStart(host.pid);
    await writeRunFile(data, bob, {
      run: crypto.randomUUID(),
      host: { pid: host.pid, started: started ?? "" },
      nats_url: "",
    });
    const told: string[] = [];
    const launcher = launcherIn(dir, async ({ how }) => void told.push(how));
    await launcher.resume();
    await stays(() => told.length === 0, {
      ...{
        what: "nothing is told",
        because: "a host that ran no longer would have been told at once",
        forMs: 600,
      },
    });
    host.kill("SIGKILL");
    lock.release();
    await until("its end is told", () => told.length > 0);
    expect(told).toEqual(["its exit code is not known"]);
    await launcher.stop();
  });
});
