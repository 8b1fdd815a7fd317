// What becomes of the task of a launch, also if serve is killed. What a launch starts: tests/e2e/headless-agents.test.ts.
import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createHeadlessAgents,
  type HeadlessAgents,
} from "../../../../src/cli/serve/launch/headless-agents.ts";
import { profileReader } from "../../../../src/cli/spawn/profile.ts";
import { parseConfig } from "../../../../src/config.ts";
import { takeAgentLock } from "../../../../src/data-dir/agent-lock.ts";
import { createLaunchTasks, type LaunchTasks } from "../../../../src/data-dir/launched-agents.ts";
import { CliaiError } from "../../../../src/domain/text/errors.ts";
import { silentLogger } from "../../../../src/log.ts";
import type { Server } from "../../../../src/server/server.ts";
import { ada, commandOf, statesOf } from "../../../support/agents.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { startTestServer, type TestServer } from "../../../support/test-server.ts";
import { until } from "../../../support/wait-for.ts";

const config = parseConfig('{"agents":{"coder":{}}}', "profiles.json");

interface Scene extends AsyncDisposable {
  readonly server: TestServer;
  readonly dataDir: string;
  readonly agents: HeadlessAgents;
  readonly tasks: LaunchTasks;
}

/**
 * @param now the clock of the serve whose agents they are
 * @param away how often the store does not take a task
 */
async function startScene(now = () => new Date(), away = 0): Promise<Scene> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const server = parts.use(await startTestServer());
  const dataDir = dir.join("data");
  let failures = 0;
  const sendCommand: Server["sendCommand"] = async (order) => {
    failures += 1;
    if (failures <= away) throw new CliaiError("no_answer", "NATS does not answer");
    return await server.server.sendCommand(order);
  };
  const agents = createHeadlessAgents({
    ...{ dataDir, bus: server.bus, server: { ...server.server, sendCommand }, configPath: undefined },
    profiles: profileReader({ config, path: undefined }, dataDir),
    context: { env: { PATH: "/nonexistent" }, cwd: dir.path, now, log: silentLogger },
    hosts: { look: async () => undefined },
  });
  parts.defer(() => agents.stop());
  const owned = parts.move();
  return {
    ...{ server, dataDir, agents },
    tasks: createLaunchTasks(dataDir, silentLogger),
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

  test("a task that cannot be kept does not hinder the launch", async () => {
    await using scene = await startScene();
    await mkdir(join(scene.dataDir, "agents"), { recursive: true });
    await writeFile(join(scene.dataDir, "agents", ada), "not a folder");
    const launching = scene.agents.spawn({ profile: "coder", id: ada, task: "dig", from: "api" });
    await expect(launching).rejects.toThrow("ada did not start (exit code ");
    expect(scene.server.server.fleet.get(ada)?.commands).toMatchObject([{ summary: "dig" }]);
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

  test("gives it again while NATS does not take it: until then it is kept", async () => {
    await using scene = await startScene(undefined, 2);
    const { agents, server, tasks } = scene;
    await tasks.remember(ada, task(new Date()));
    await agents.resume();
    server.bus.publish("agent.ada.heartbeat", { status: "starting", seq: 1, instance_id: "one" });
    await until("it has the task", () => statesOf(server, "c1").includes("stored"));
    await until("nothing is kept", async () => !(await tasks.read()).has(ada));
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
    await using scene = await startScene(() => new Date(launchedAt.getTime() + 60_000));
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
});
