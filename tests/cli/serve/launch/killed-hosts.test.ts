// A host that is killed cannot say so. Over a real server, with real processes that hold the agents' locks.
import { describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { join } from "node:path";
import { standingOf } from "../../../../src/cli/resume/standing.ts";
import { type KilledHosts, watchKilledHosts } from "../../../../src/cli/serve/launch/killed-hosts.ts";
import { ensureOwnDir, ensurePrivateDir } from "../../../../src/data-dir/private-files.ts";
import { addUnsent, readUnsent, removeRunFile, writeRunFile } from "../../../../src/data-dir/run-file.ts";
import { silentLogger } from "../../../../src/log.ts";
import { readProcessStart } from "../../../../src/processes/process-start.ts";
import { ada, bob, statesOf } from "../../../support/agents.ts";
import { type Child, startChild } from "../../../support/child.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { startTestServer, type TestServer } from "../../../support/test-server.ts";
import { stays, until } from "../../../support/wait-for.ts";

const lockProgram = join(import.meta.dirname, "../../../data-dir/kernel-lock-program.ts");
const run = "00000000-0000-4000-8000-000000000001";
/** How long an agent without evidence is looked at: as long as many looks. */
const manyLooksMs = 1_000;

interface Scene extends AsyncDisposable {
  readonly dir: TempDir;
  readonly server: TestServer;
  /** Holds the agent's lock, as a host does. */
  readonly host: Child;
  readonly hosts: KilledHosts;
  view(): ReturnType<TestServer["server"]["fleet"]["get"]>;
}

/** An agent that is online, and whose host lives. */
async function startScene({ started }: { readonly started?: string } = {}): Promise<Scene> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const server = parts.use(await startTestServer());
  const folder = dir.join("home", "agents", ada);
  await ensurePrivateDir(dir.join("home"));
  for (const each of [join(folder, ".."), folder]) await ensureOwnDir(each);
  const host = parts.use(await startChild(process.execPath, [lockProgram, join(folder, "held")]));
  await host.line("held");
  const own = { pid: host.pid, started: started ?? (await readProcessStart(host.pid)) ?? "" };
  await writeRunFile(dir.join("home"), ada, { run, host: own });
  await beat(server, 60);
  const context = { now: () => new Date(), log: silentLogger };
  const hosts = watchKilledHosts({
    ...{ dataDir: dir.join("home"), bus: server.bus, server: server.server, context, lookEveryMs: 50 },
  });
  parts.defer(() => hosts.stop());
  const owned = parts.move();
  return {
    ...{ dir, server, host, hosts },
    view: () => server.server.fleet.get(ada),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function beat({ bus, server }: TestServer, interval_s: number, more: object = {}): Promise<void> {
  const message = {
    instance_id: run,
    interval_s,
    host: hostname(),
    status: "working",
    agent_cli: "claude",
    ...more,
  };
  bus.publish("agent.ada.heartbeat", message);
  await until("it is online", () => server.fleet.get(ada)?.axes.link.value === "online");
}

async function kill({ host }: Scene): Promise<void> {
  host.kill("SIGKILL");
  await host.exit();
}

describe("watchKilledHosts()", () => {
  test("stores what a host could not report when it ended; of an agent that is not known, nothing", async () => {
    await using scene = await startScene();
    const { dir, server, hosts, view } = scene;
    const goodbye = { status: "ended", message: "exit code 0", instance_id: run };
    const receipts = [{ command_id: "c1", state: "applied", run }] as const;
    for (const id of [ada, bob]) await addUnsent(dir.join("home"), id, { receipts, goodbye });
    await hosts.look(ada);
    expect(await readUnsent(dir.join("home"), ada)).toHaveLength(1); // its host still holds its lock
    await kill(scene);
    await removeRunFile(dir.join("home"), ada);
    for (const id of [ada, bob]) await hosts.look(id);
    await until("its end is known", () => view()?.status === "ended");
    expect(statesOf(server, "c1")).toEqual(["applied"]);
    expect(await readUnsent(dir.join("home"), ada)).toEqual([]);
    expect(server.server.fleet.get(bob)).toBeUndefined();
    expect(await readUnsent(dir.join("home"), bob)).toHaveLength(1);
  });

  test("one that was seen to end reads as crashed at once, in words; its alert ends when the agent is back", async () => {
    await using scene = await startScene();
    await kill(scene);
    await scene.hosts.look(ada, "SIGKILL");
    const view = await until("it has crashed", () => scene.view()?.status === "crashed" && scene.view());
    const words = "its host has ended without a word (SIGKILL)";
    expect([view.axes.link.reason, view.axes.activity.reason]).toEqual([words, words]);
    const alerts = () => scene.server.server.alerts.open().map(({ kind, message }) => `${kind} ${message}`);
    await until("its alert", () => alerts().length === 1);
    expect(alerts()).toEqual([`crashed ada: crashed: ${words}; what to do: cliai resume ada`]);
    const place = { hostname: hostname(), isHeld: false, isRunning: false };
    expect(standingOf(view, place)).toMatchObject({ state: "ended", wentDown: true });

    await beat(scene.server, 60, { instance_id: "r2" });
    await until("the end of its alert", () => alerts().length === 0);
  });

  test("one of a terminal is found when the agent falls silent, and so is one that is killed after that", async () => {
    await using scene = await startScene();
    await beat(scene.server, 0.3, { seq: 2 });
    await until("it is silent", () => scene.view()?.status === "silent");
    await stays(() => scene.view()?.status === "silent", {
      ...{ what: "nothing is said", because: "its host lives", forMs: manyLooksMs },
    });
    await kill(scene);
    await until("it has crashed", () => scene.view()?.status === "crashed");
    expect(scene.view()?.axes.link.reason).toBe("its host has ended without a word");
  });

  test("a pause and a stop that such a host was given end as failed, with how it ended", async () => {
    await using scene = await startScene();
    const { server, bus } = scene.server;
    const states = ["stored", "delivered", "injected", "seen"] as const;
    for (const type of ["pause", "resume", "stop"] as const) {
      for (const [index, last] of states.entries()) {
        const command_id = `${type}-${last}`;
        await server.sendCommand({ id: ada, type, from: "me", command_id });
        // As a host writes them: only a receipt about a task names the run.
        for (const state of states.slice(1, index + 1))
          await bus.publishStored("agent.ada.receipt", { command_id, state, route: "hook" });
      }
    }
    const ends = () =>
      scene.view()?.commands.map(({ command_id, receipts }) => {
        const { state, detail } = receipts.at(-1) ?? {};
        return `${command_id} ${state} ${detail ?? ""}`;
      });
    await until("all are there", () => ends()?.length === 12);
    await kill(scene);
    await scene.hosts.look(ada);
    const words = "failed the session ended: its host has ended without a word";
    await until("all have an end", () => ends()?.every((end) => end.includes("failed")));
    expect(ends()?.filter((end) => !end.endsWith(words))).toEqual([]);
  });

  test("after another start of the machine it is disconnected, and no crash", async () => {
    await using scene = await startScene({ started: "00000000-0000-0000-0000-000000000000 4711" });
    await kill(scene);
    await scene.hosts.look(ada);
    const view = await until(
      "it is offline",
      () => scene.view()?.axes.link.value === "offline" && scene.view(),
    );
    expect([view.status, view.axes.link.reason]).toEqual(["disconnected", "its machine was started again"]);
  });

  test.each<[string, (scene: Scene) => Promise<void>]>([
    [
      "said goodbye before",
      async ({ server }) => {
        await server.bus.publishStored("agent.ada.status", { status: "stopped", instance_id: run });
      },
    ],
    ["ended in order", ({ dir }) => removeRunFile(dir.join("home"), ada)],
    ["has been replaced by another run", ({ server }) => beat(server, 60, { instance_id: "r2" })],
    ["ran on another machine", ({ server }) => beat(server, 60, { host: "elsewhere", seq: 2 })],
  ])("says nothing of one that %s", async (_, happens) => {
    await using scene = await startScene();
    await happens(scene);
    await kill(scene);
    await scene.hosts.look(ada);
    await scene.server.server.catchUp(ada);
    expect(scene.view()?.status).not.toBe("crashed");
  });

  test("says nothing while another process holds the lock", async () => {
    await using scene = await startScene({ started: "another 1" });
    await scene.hosts.look(ada);
    await scene.server.server.catchUp(ada);
    expect(scene.view()?.axes.link.value).toBe("online");
  });
});
