// The queue before a model server, for agents on several machines: each agent's gate is connected to another nats-server, and serves come and go.
import { expect, test } from "bun:test";
import { leaseGoneAfterMs } from "../../src/domain/model-queue/model-queue.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import type { Server } from "../../src/server/server.ts";
import { startServer } from "../../src/server/start-server.ts";
import { startGate, type TestGate } from "../support/gate-fixture.ts";
import { type NatsCluster, startNatsCluster } from "../support/nats-cluster.ts";
import { startNatsLeaf } from "../support/nats-leaf.ts";
import { startSlowModelServer } from "../support/slow-model-server.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { stays, waitFor } from "../support/wait-for.ts";

interface Serve extends AsyncDisposable {
  readonly server: Server;
  /** As a kill of the process would end it: it says nothing more. */
  cutOff(): Promise<void>;
}

async function startServe(bus: Bus, replicas: number): Promise<Serve> {
  const server = await startServer(bus, {
    ...{ version: "0.0.0-test", replicas, insecure: false, natsRestarts: () => 0 },
    ...{ now: () => new Date(), log: silentLogger },
  });
  return {
    server,
    cutOff: () => bus.connection.close(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

const serveOn = async (cluster: NatsCluster) => startServe(await cluster.bus({ name: "serve" }), 3);
const stateOf = ({ states }: TestGate) => states.at(-1)?.state;

/** Asks again and again until `isOver`. Resolves with how many whole answers it got. */
async function work(gate: TestGate, isOver: () => boolean): Promise<number> {
  let answers = 0;
  while (!isOver()) {
    expect(await gate.ask()).toContain("[DONE]");
    answers += 1;
  }
  return answers;
}

test("agents on three nodes share a slot; neither a leader that is killed nor a node that is killed grants it twice", async () => {
  await using cluster = await startNatsCluster();
  await using one = await serveOn(cluster);
  await using two = await serveOn(cluster);
  await using model = await startSlowModelServer({ answerMs: 100 });
  await using opened = new AsyncDisposableStack();
  const gates: TestGate[] = [];
  for (const [index, { url }] of cluster.nodes.entries())
    gates.push(opened.use(await startGate(`agent-${index}`, { natsUrl: url, url: model.url })));
  const leader = () => [one, two].find(({ server }) => server.isLeader());
  await waitFor(() => leader() !== undefined, { what: "one of them leads" });
  let isOver = false;
  const working = Promise.all(gates.map((gate) => work(gate, () => isOver)));
  const goesOn = async (what: string) => {
    const before = model.answered();
    // An election of JetStream takes up to 9 s, the lease of the serve 3 s, and a new leader listens for 2.5 s.
    await waitFor(() => model.answered() >= before + 6, { what });
  };
  await goesOn("all work");

  const killed = leader();
  await killed?.cutOff();
  await waitFor(() => leader() !== undefined && leader() !== killed, {
    what: "the other one leads",
  });
  await goesOn("the queue of the new leader");

  await cluster.nodes[0]?.kill();
  await goesOn("the queue without a node");
  isOver = true;
  const answers = await working;
  expect(Math.min(...answers)).toBeGreaterThan(2);
  expect(model.most()).toBe(1);
  const states = new Set(gates.flatMap((gate) => gate.states.map(({ state }) => state)));
  expect([...states].toSorted()).toEqual(["idle", "waiting", "working"]);
});

test("a leader is killed while leases stand: they stand with the next one, which grants none of their slots", async () => {
  await using cluster = await startNatsCluster();
  await using one = await serveOn(cluster);
  await using model = await startSlowModelServer({ slots: 2, answerMs: 60_000 });
  const [left, right] = cluster.nodes;
  const options = (url = "") => ({ natsUrl: url, url: model.url });
  await using ada = await startGate("ada", options(left?.url));
  await using bob = await startGate("bob", options(right?.url));
  await using cleo = await startGate("cleo", options(right?.url));
  const over = new AbortController();
  const asked = [ada, bob].map((gate) => gate.ask({ signal: over.signal }).catch(() => "cancelled"));
  await waitFor(() => model.bodies.length === 2, { what: "both slots are taken" });
  const waits = cleo.ask({ signal: over.signal }).catch(() => "cancelled");
  await waitFor(() => stateOf(cleo) === "waiting", { what: "the third one waits" });
  await using two = await serveOn(cluster);
  await one.cutOff();
  await waitFor(() => two.server.isLeader(), { what: "the next one leads" });
  const queue = () => two.server.modelQueues()[0];
  await waitFor(() => queue()?.leases === 2 && queue()?.waiting === 1, {
    ...{ what: "it knows of all three", saw: queue },
  });
  await stays(() => model.bodies.length === 2, {
    ...{ what: "nobody else is sent to the server", because: "both slots are taken", forMs: 6_000 },
  });
  expect(stateOf(cleo)).toBe("waiting");
  over.abort();
  await Promise.all([...asked, waits]);
});

test("the slot of a host that has died on another machine is free in seconds, and one that was only cut off counts again when it is back", async () => {
  await using nats = await startNatsLeaf();
  await using cut = await startTcpProxy(() => Number(new URL(nats.leafUrl).port));
  const bus = await connectBus({ url: nats.hubUrl, name: "serve", log: silentLogger });
  await using _closing = { [Symbol.asyncDispose]: () => bus.close() };
  await using serve = await startServe(bus, 1);
  // It shows no work: else the cancelled request would wait for the end of the other one, which has the same slot.
  await using model = await startSlowModelServer({ answerMs: 60_000, showsWork: false });
  await using remote = await startGate("ada", { natsUrl: `nats://127.0.0.1:${cut.port}`, url: model.url });
  await using near = await startGate("bob", { natsUrl: nats.hubUrl, url: model.url });
  const leases = () => serve.server.modelQueues()[0]?.leases;
  const died = new AbortController();
  const ended = new AbortController();
  const first = remote.ask({ signal: died.signal }).catch(() => "cancelled");
  await waitFor(() => model.bodies.length === 1, { what: "the leaf's agent has the slot" });
  const second = near.ask({ signal: ended.signal }).catch(() => "cancelled");
  await waitFor(() => stateOf(near) === "waiting", { what: "the hub's agent waits" });
  const cutAtMs = performance.now();
  cut.cut();
  await waitFor(() => stateOf(near) === "working", { what: "it has the slot of the lost one" });
  // Long before its host is called silent, which takes 45 s.
  expect(performance.now() - cutAtMs).toBeLessThan(4 * leaseGoneAfterMs);
  expect(leases()).toBe(1);
  // It was only cut off: the server still works on its request, which the queue knows as soon as it is back.
  cut.mend();
  await waitFor(() => leases() === 2, { what: "its lease counts again" });
  ended.abort();
  expect(await second).toBe("cancelled");
  await waitFor(() => leases() === 1, { what: "the lease of the hub's agent has ended" });
  const last = new AbortController();
  const third = near.ask({ signal: last.signal }).catch(() => "cancelled");
  await stays(() => model.bodies.length === 2, {
    ...{ what: "no more is sent to the server", because: "the leaf's agent has the slot", forMs: 2_000 },
  });
  died.abort();
  expect(await first).toBe("cancelled");
  await waitFor(() => model.bodies.length === 3, { what: "the slot is free for the next request" });
  last.abort();
  await third;
});
