// What becomes of the task of a launch, also if serve is killed. What a launch starts: tests/e2e/headless-agents.test.ts.
import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createHeadlessAgents,
  type HeadlessAgents,
} from "../../../../src/cli/serve/launch/headless-agents.ts";
import { lookEveryMs } from "../../../../src/cli/serve/launch/launches.ts";
import type { NodeLaunching } from "../../../../src/cli/serve/launch/node-launch.ts";
import { profileReader } from "../../../../src/cli/spawn/profile.ts";
import { parseConfig } from "../../../../src/config/config.ts";
import { takeAgentLock } from "../../../../src/data-dir/agent-lock.ts";
import {
  createLaunchedAgents,
  createLaunchTasks,
  type LaunchedAgents,
  type LaunchTasks,
} from "../../../../src/data-dir/launched-agents.ts";
import { writeRunFile } from "../../../../src/data-dir/run-file.ts";
import { CliaiError } from "../../../../src/domain/text/errors.ts";
import { type Logger, silentLogger } from "../../../../src/log.ts";
import { readProcessStart } from "../../../../src/processes/process-start.ts";
import type { Server } from "../../../../src/server/server.ts";
import { pause } from "../../../../src/waiting.ts";
import { ada, commandOf, statesOf } from "../../../support/agents.ts";
import { startChild } from "../../../support/child.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { startTestServer, type TestServer } from "../../../support/test-server.ts";
import { until } from "../../../support/wait-for.ts";

const config = parseConfig('{"agents":{"coder":{}}}', "profiles.json");

interface Scene extends AsyncDisposable {
  readonly server: TestServer;
  readonly dataDir: string;
  readonly agents: HeadlessAgents;
  readonly tasks: LaunchTasks;
  readonly launched: LaunchedAgents;
  readonly cwd: string;
}

interface SceneOptions {
  /** The clock of the serve whose agents they are. */
  readonly now?: () => Date;
  /** How often the store does not take a task. */
  readonly away?: number;
  readonly log?: Logger;
  /** The error that the store then has. */
  readonly failure?: Error;
  readonly nodes?: NodeLaunching;
}

/** A node that launches agents; how, is left to the test. */
const openNode = { launchable: async () => [], require: async () => undefined };

async function startScene({
  now = () => new Date(),
  away = 0,
  log = silentLogger,
  failure = new CliaiError("no_answer", "NATS does not answer"),
  nodes,
}: SceneOptions = {}): Promise<Scene> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const server = parts.use(await startTestServer());
  const dataDir = dir.join("data");
  let failures = 0;
  const sendCommand: Server["sendCommand"] = async (order) => {
    failures += 1;
    if (failures <= away) throw failure;
    return await server.server.sendCommand(order);
  };
  const agents = createHeadlessAgents({
    ...{ dataDir, bus: server.bus, server: { ...server.server, sendCommand }, configPath: undefined },
    profiles: profileReader({ config, path: undefined }, dataDir),
    context: { env: { PATH: "/nonexistent" }, cwd: dir.path, now, log },
    hosts: { look: async () => undefined },
    nodes,
  });
  parts.defer(() => agents.stop());
  const owned = parts.move();
  return {
    ...{ server, dataDir, agents },
    tasks: createLaunchTasks(dataDir, silentLogger),
    launched: createLaunchedAgents(dataDir, silentLogger),
    cwd: dir.path,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const task = (since: Date) => ({ command_id: "c1", text: "dig", from: "api", since: since.toISOString() });

describe("createHeadlessAgents().spawn()", () => {
  test("keeps the task of a launch from before it starts anything until the launch has failed with it", async () => {
    await using scene = await startScene();
    const { agents, server, tasks } = scene;
    const spawned = await agents.spawn({ profile: "coder", id: ada, task: "dig", from: "api" }, 0);
    const { command_id = "" } = spawned;
    expect(spawned).toEqual({ agent_id: ada, command_id, starting: true });
    await until("its task is kept", async () => (await tasks.read()).has(ada));
    expect((await tasks.read()).get(ada)).toMatchObject({ command_id, text: "dig", from: "api" });
    await until("its task has failed", () => statesOf(server, command_id).includes("failed"));
    await until("nothing is kept", async () => !(await tasks.read()).has(ada));
  });

  test("notes a launch from before it starts anything until it has failed, so that the next serve can take it up", async () => {
    await using scene = await startScene();
    const { agents, launched } = scene;
    const launching = agents.spawn({ profile: "coder", id: ada, from: "api" });
    launching.catch(() => undefined); // awaited below
    await until("it is noted", async () => (await launched.launching.read()).has(ada));
    expect((await launched.launching.read()).get(ada)).toMatchObject({
      profile: "coder",
      project: scene.cwd,
    });
    await expect(launching).rejects.toThrow("ada did not start");
    expect([...(await launched.launching.read())]).toEqual([]);
  });

  test("of two launches under one id at the same moment, the second is refused", async () => {
    await using scene = await startScene();
    const { agents, launched } = scene;
    const launch = () => agents.spawn({ profile: "coder", id: ada, from: "api" });
    const both = Promise.allSettled([launch(), launch()]);
    await until("it is noted", async () => (await launched.launching.read()).has(ada));
    const reasons = (await both).map((each) => String(each.status === "rejected" ? each.reason.message : ""));
    expect(reasons.filter((reason) => reason.includes("is online already"))).toHaveLength(1);
    expect(reasons.filter((reason) => reason.includes("did not start"))).toHaveLength(1);
  });

  test("starts nothing if the server ends while the launch is noted", async () => {
    let stopping: Promise<void> | undefined;
    let begun = "";
    const log = {
      ...silentLogger,
      info: () => queueMicrotask(() => (stopping = scene.agents.stop())),
      debug: (text: string) => (begun += text),
    };
    await using scene = await startScene({ log });
    const launching = scene.agents.spawn({ profile: "coder", id: ada, from: "api" });
    await expect(launching).rejects.toThrow("cannot launch ada: the server is ending");
    await stopping;
    expect(begun).toBe("");
    expect([...(await scene.launched.launching.read())]).toEqual([]);
  });

  test("a task that cannot be kept does not hinder the launch", async () => {
    await using scene = await startScene();
    await mkdir(join(scene.dataDir, "agents"), { recursive: true });
    await writeFile(join(scene.dataDir, "agents", ada), "not a folder");
    const launching = scene.agents.spawn({ profile: "coder", id: ada, task: "dig", from: "api" });
    await expect(launching).rejects.toThrow("ada did not start (exit code ");
    expect(scene.server.server.fleet.get(ada)?.commands).toMatchObject([{ summary: "dig" }]);
  });
});

describe("createHeadlessAgents().spawn() on a node", () => {
  const onNode = { profile: "coder", id: ada, node: "laptop", task: "dig", from: "api" };

  test.each([
    ["before", Number.POSITIVE_INFINITY],
    ["after", 0],
  ])(
    "leaves the launch to the next serve if this one ends %s the answer: the node launches it",
    async (_, waitsMs) => {
      const asked: object[] = [];
      const launch = (_node: string, order: object) => {
        asked.push(order);
        return new Promise<never>(() => undefined); // it launches for minutes
      };
      await using scene = await startScene({ nodes: { ...openNode, launch } });
      const { agents, server, tasks } = scene;
      const answer = agents.spawn(onNode, waitsMs).catch((error: unknown) => error);
      await until("the node has the order", () => asked.length > 0);
      await agents.stop();
      const expected = waitsMs === 0 ? { starting: true } : { code: "interrupted" };
      expect(await answer).toMatchObject(expected);
      expect((await tasks.read()).get(ada)).toMatchObject({ text: "dig", node: "laptop" });
      expect(server.server.fleet.get(ada)).toBeUndefined();
    },
  );

  test("forgets the task of a launch that the node refuses", async () => {
    const launch = () => Promise.reject(new CliaiError("refused", "the node laptop launches none"));
    await using scene = await startScene({ nodes: { ...openNode, launch } });
    const launching = scene.agents.spawn(onNode, Number.POSITIVE_INFINITY);
    await expect(launching).rejects.toMatchObject({ code: "refused" });
    expect([...(await scene.tasks.read())]).toEqual([]);
  });
});

describe("createHeadlessAgents().resume()", () => {
  test("gives an agent whose serve was killed the task of its launch, once its host has connected", async () => {
    await using scene = await startScene();
    const { agents, server, tasks, dataDir } = scene;
    await tasks.remember(ada, task(new Date()));
    const lock = await takeAgentLock(dataDir, ada);
    await agents.resume();
    const beat = { config_name: "coder", status: "starting", seq: 1, instance_id: "one" };
    server.bus.publish("agent.ada.heartbeat", beat);
    await until("it has the task", () => statesOf(server, "c1").includes("stored"));
    expect(commandOf(server, "c1")).toMatchObject({ type: "task", summary: "dig", from: "api" });
    await until("nothing is kept", async () => !(await tasks.read()).has(ada));
    lock.release();
  });

  test("waits longer for an agent that a node launches: nothing is seen of it here before it is connected", async () => {
    await using scene = await startScene();
    const { agents, server, tasks } = scene;
    await tasks.remember(ada, { ...task(new Date(Date.now() - 60_000)), node: "laptop" });
    await agents.resume();
    await pause(lookEveryMs * 2);
    expect([...(await tasks.read()).keys()]).toEqual([ada]);
    server.bus.publish("agent.ada.heartbeat", { status: "starting", seq: 1, instance_id: "one" });
    await until("it has the task", () => statesOf(server, "c1").includes("stored"));
    await until("nothing is kept", async () => !(await tasks.read()).has(ada));
  });

  test("gives it to the run of the launch also if the clock was set back since, and not to the run from before", async () => {
    const launchedAt = new Date(Date.now() + 3_600_000);
    await using scene = await startScene();
    const { agents, server, tasks, dataDir } = scene;
    const beat = { config_name: "coder", status: "idle", seq: 1 };
    server.bus.publish("agent.ada.heartbeat", { ...beat, instance_id: "before" });
    await until("ada is known", () => server.server.fleet.get(ada) !== undefined);
    server.bus.publish("agent.ada.status", { status: "disconnected", instance_id: "before" });
    await until("ada has gone", () => server.server.fleet.get(ada)?.status === "disconnected");
    await tasks.remember(ada, { ...task(launchedAt), run_before: "before" });
    const lock = await takeAgentLock(dataDir, ada);
    await agents.resume();
    await pause(lookEveryMs * 2);
    expect(statesOf(server, "c1")).toEqual([]);
    server.bus.publish("agent.ada.heartbeat", { ...beat, instance_id: "one" });
    await until("it has the task", () => statesOf(server, "c1").includes("stored"));
    lock.release();
  });

  test("gives it again while NATS does not take it: until then it is kept", async () => {
    await using scene = await startScene({ away: 2 });
    const { agents, server, tasks } = scene;
    await tasks.remember(ada, task(new Date()));
    await agents.resume();
    server.bus.publish("agent.ada.heartbeat", { status: "starting", seq: 1, instance_id: "one" });
    await until("it has the task", () => statesOf(server, "c1").includes("stored"));
    await until("nothing is kept", async () => !(await tasks.read()).has(ada));
  });

  test("says that the task has failed, if an error of this program's own keeps it from the agent", async () => {
    const told: string[] = [];
    const log = { ...silentLogger, warn: (text: string) => told.push(text) };
    const bug = new TypeError("undefined is not an object");
    await using scene = await startScene({ away: Number.POSITIVE_INFINITY, log, failure: bug });
    const { agents, server, tasks } = scene;
    await tasks.remember(ada, task(new Date()));
    await agents.resume();
    server.bus.publish("agent.ada.heartbeat", { status: "starting", seq: 1, instance_id: "one" });
    await until("its task has failed", () => statesOf(server, "c1").includes("failed"));
    await until("nothing is kept", async () => !(await tasks.read()).has(ada));
    await until("it is told", () => told.length > 0);
    expect(told).toEqual([bug.message]);
  });

  test("says that the task has failed, if the agent was stopped before it had it", async () => {
    await using scene = await startScene();
    const { agents, server, tasks } = scene;
    await tasks.remember(ada, task(new Date()));
    server.bus.publish("agent.ada.heartbeat", { status: "idle", seq: 1, instance_id: "one" });
    await until("ada is known", () => server.server.fleet.get(ada) !== undefined);
    server.bus.publish("agent.ada.status", { status: "stopped", instance_id: "one" });
    await until("ada is stopped", () => server.server.fleet.get(ada)?.status === "stopped");
    await agents.resume();
    await until("its task has failed", () => statesOf(server, "c1").includes("failed"));
    await until("nothing is kept", async () => !(await tasks.read()).has(ada));
    expect(server.server.fleet.get(ada)?.status).toBe("stopped");
  });

  test("does not give it to a run from before the launch; a launch that came to nothing has failed with its task", async () => {
    const launchedAt = new Date(Date.now() + 600_000);
    await using scene = await startScene({ now: () => new Date(launchedAt.getTime() + 60_000) });
    const { agents, server, tasks } = scene;
    const beat = { config_name: "coder", status: "idle", seq: 1, instance_id: "before" };
    server.bus.publish("agent.ada.heartbeat", beat);
    await until("ada is known", () => server.server.fleet.get(ada) !== undefined);
    server.bus.publish("agent.ada.status", { status: "stopped", instance_id: "before" });
    await until("ada is stopped", () => server.server.fleet.get(ada)?.status === "stopped");
    await tasks.remember(ada, task(launchedAt));
    await agents.resume();
    await until("its task has failed", () => statesOf(server, "c1").includes("failed"));
    expect(statesOf(server, "c1")).toEqual(["failed"]);
    await until("nothing is kept", async () => !(await tasks.read()).has(ada));
  });

  const launching = (since: Date) => ({ profile: "coder", project: "/project", since: since.toISOString() });
  const session_id = crypto.randomUUID();
  const beatOf = (more: object) => ({
    config_name: "coder",
    status: "idle",
    seq: 1,
    instance_id: "one",
    ...more,
  });

  test("takes up an agent whose serve was killed before it knew the session, and remembers it once it is known", async () => {
    await using scene = await startScene();
    const { agents, server, launched, dataDir } = scene;
    await launched.launching.remember(ada, launching(new Date()));
    const resuming = agents.resume();
    // Its host begins only now: the serve before was killed at once.
    const lock = await takeAgentLock(dataDir, ada);
    const host = { pid: process.pid, started: (await readProcessStart(process.pid)) ?? "" };
    await writeRunFile(dataDir, ada, { run: crypto.randomUUID(), host });
    await resuming;
    const again = agents.spawn({ profile: "coder", id: ada, from: "api" });
    await expect(again).rejects.toMatchObject({ code: "already_running" });
    server.bus.publish("agent.ada.heartbeat", beatOf({ session_id }));
    await until("it is remembered", async () => (await launched.read()).has(ada));
    expect((await launched.read()).get(ada)).toEqual({ profile: "coder", project: "/project", session_id });
    await until("its launch is over", async () => (await launched.launching.read()).size === 0);
    lock.release();
  });

  test("says so if an agent that has ended cannot be forgotten, and goes on", async () => {
    const told: string[] = [];
    await using scene = await startScene({ log: { ...silentLogger, warn: (text) => told.push(text) } });
    const { agents, launched, dataDir } = scene;
    await launched.remember(ada, { profile: "coder", project: "/project", session_id });
    const lock = await takeAgentLock(dataDir, ada);
    await using child = await startChild(process.execPath, ["-e", "setInterval(() => {}, 1e6)"]);
    const host = { pid: child.pid, started: (await readProcessStart(child.pid)) ?? "" };
    await writeRunFile(dataDir, ada, { run: crypto.randomUUID(), host });
    await agents.resume();
    await launched.forget(ada);
    // It cannot be removed as a file.
    await mkdir(join(dataDir, "agents", ada, "launching.json"));
    child.kill("SIGKILL");
    await until("that is said", () => told.some((text) => text.startsWith("ada: ")));
    lock.release();
  });

  test.each([
    ["another session is told", { session_id: crypto.randomUUID() }],
    ["this run tells the session from before, too", { session_id }],
  ])("remembers no session from before the launch until %s", async (_, next) => {
    await using scene = await startScene();
    const { agents, server, launched, dataDir } = scene;
    server.bus.publish("agent.ada.heartbeat", beatOf({ session_id }));
    await until("ada is known", () => server.server.fleet.get(ada)?.session_id === session_id);
    server.bus.publish("agent.ada.status", { status: "ended", instance_id: "one" });
    await until("ada has ended", () => server.server.fleet.get(ada)?.said?.status === "ended");
    await launched.launching.remember(ada, { ...launching(new Date()), session_before: session_id });
    const lock = await takeAgentLock(dataDir, ada);
    const host = { pid: process.pid, started: (await readProcessStart(process.pid)) ?? "" };
    await writeRunFile(dataDir, ada, { run: crypto.randomUUID(), host });
    await agents.resume();
    server.bus.publish("agent.ada.heartbeat", beatOf({ instance_id: "two" }));
    await until(
      "the next run is known",
      () => server.server.fleet.get(ada)?.heartbeat?.instance_id === "two",
    );
    await pause(lookEveryMs * 2);
    expect([...(await launched.read())]).toEqual([]);
    server.bus.publish("agent.ada.heartbeat", beatOf({ instance_id: "two", seq: 2, ...next }));
    const event = { kind: "session_start", instance_id: "two", generation: 2, seq: 1, ...next };
    server.bus.publish("agent.ada.event", event);
    await until("it is remembered", async () => (await launched.read()).has(ada));
    expect((await launched.read()).get(ada)).toMatchObject(next);
    lock.release();
  });

  test("forgets such an agent if it has ended, and does not launch it in a session from before", async () => {
    const launchedAt = new Date(Date.now() + 600_000);
    await using scene = await startScene({ now: () => new Date(launchedAt.getTime() + 60_000) });
    const { agents, server, launched } = scene;
    server.bus.publish("agent.ada.heartbeat", beatOf({ session_id }));
    await until("ada is known", () => server.server.fleet.get(ada) !== undefined);
    await launched.launching.remember(ada, launching(launchedAt));
    await agents.resume();
    await until("it is forgotten", async () => !(await launched.launching.read()).has(ada));
    expect([...(await launched.read())]).toEqual([]);
  });

  test("an agent that is remembered or forgotten is no longer being launched", async () => {
    await using scene = await startScene();
    const { launched } = scene;
    const known = { profile: "coder", project: "/project", session_id };
    for (const act of [() => launched.remember(ada, known), () => launched.forget(ada)]) {
      await launched.launching.remember(ada, launching(new Date()));
      await act();
      expect([...(await launched.launching.read())]).toEqual([]);
    }
  });
});
