import { expect, test } from "bun:test";
import { parseJson } from "../../src/domain/wire/decode.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { openExistingBucket } from "../../src/nats/jetstream/bucket.ts";
import type { Server } from "../../src/server/server.ts";
import { startServer } from "../../src/server/start-server.ts";
import { agentOn } from "../support/agent-fixture.ts";
import { ada } from "../support/agents.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { until } from "../support/wait-for.ts";

interface Serve extends AsyncDisposable {
  readonly server: Server;
  /** As a kill of the process would end it: nothing more is written. */
  cutOff(): Promise<void>;
}

async function startServe(nats: TestNats): Promise<Serve> {
  const bus: Bus = await nats.bus("serve");
  const server = await startServer(bus, {
    version: "0.0.0-test",
    replicas: 1,
    insecure: false,
    natsRestarts: () => 0,
    now: () => new Date(),
    log: silentLogger,
  });
  return {
    server,
    cutOff: () => bus.connection.close(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** Without what follows from the time of asking. */
const fleetOf = ({ server }: Serve) =>
  JSON.stringify(server.fleet.list(), (key, value) => (key === "age_s" ? undefined : value));

test("two serves show the same fleet, and one that starts later does too", async () => {
  await using nats = await startTestNats();
  await using one = await startServe(nats);
  await using two = await startServe(nats);
  const bus = await nats.bus();
  for (const id of ["ada", "bob", "cy"]) {
    bus.publish(`agent.${id}.heartbeat`, { config_name: "Snake", status: "idle", seq: 1, instance_id: id });
    bus.publish(`agent.${id}.status`, { status: "working", current_task: "t" });
  }
  bus.publish("agent.plain.heartbeat", { status: "working" });
  bus.publish("agent.ada.command", { type: "task", payload: "do it", command_id: "c1" });
  await until("four agents", () => one.server.fleet.list().length === 4);
  await until("the task", () => one.server.fleet.get(ada)?.commands.length === 1);
  bus.publish("agent.ada.receipt", { command_id: "c1", state: "delivered" });
  await until("the same fleet", () => fleetOf(one) === fleetOf(two));
  await using three = await startServe(nats);
  await until("the same fleet, by a third", () => fleetOf(one) === fleetOf(three));
});

test("one serve publishes the state and raises the alerts; the other shows them, and goes on when the first is gone", async () => {
  await using nats = await startTestNats();
  await using one = await startServe(nats);
  await using two = await startServe(nats);
  const bus = await nats.bus();
  const publishers = new Set<string>();
  const alerts: string[] = [];
  bus.subscribe("dashboard.state", ({ data }) =>
    publishers.add((parseJson(data) as { instance: string }).instance),
  );
  bus.subscribe("dashboard.alert", ({ data }) => alerts.push((parseJson(data) as { kind: string }).kind));
  await bus.flush();
  bus.publish("agent.ada.heartbeat", { status: "working" });
  bus.connection.publish("agent.ada.status", "{");
  await until("the alert, on both", () =>
    [one, two].every(({ server }) => server.alerts.open().some(({ kind }) => kind === "malformed")),
  );
  expect(two.server.alerts.open()).toEqual(one.server.alerts.open().slice());
  await until("the alert, told on its subject", () => alerts.length > 0);
  expect(alerts).toEqual(["malformed"]);
  await until("a state", () => publishers.size > 0);
  expect([...publishers]).toEqual([one.server.instance]);

  await one.cutOff();
  // While nobody leads, and none of it can be in the bucket.
  bus.publish("agent.ada.heartbeat", { status: "idle", current_task: "after the loss" });
  bus.connection.publish("agent.bob.status", "{");
  await until("the other's state", () => publishers.has(two.server.instance));
  await until("bob's alert", () => two.server.alerts.open().some(({ agent_id }) => agent_id === "bob"));
  const bucket = await openExistingBucket(await nats.bus(), "agents");
  await until("the record, written", async () => {
    const record = (await bucket.get("ada")) as { current_task?: string } | undefined;
    return record?.current_task === "after the loss";
  });
});

test("two serves asked for one inbox at once give each item once; to the same call again, the same", async () => {
  await using nats = await startTestNats();
  await using one = await startServe(nats);
  await using two = await startServe(nats);
  const bus = await nats.bus();
  bus.publish("agent.ada.heartbeat", {});
  await until("ada on both", () => one.server.fleet.get(ada) && two.server.fleet.get(ada));
  const take = async (request_id: string) => {
    const call = { request_id, tool: "check_inbox", arguments: {}, confirms: true };
    const data = await bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
    const { result } = parseJson(data) as { result: { items: { command_id: string }[] } };
    return result.items.map(({ command_id }) => command_id);
  };
  for (let round = 0; round < 3; round += 1) {
    const ids = [0, 1, 2].map((i) => `${round}-${i}`);
    for (const id of ids) {
      await bus.publishStored("agent.ada.command", { type: "task", payload: id, command_id: id }, { id });
    }
    const calls = Array.from({ length: 6 }, (_, i) => `call-${round}-${i}`);
    const given = await Promise.all(calls.map(take));
    expect(given.flat().toSorted()).toEqual(ids);
    const again = await Promise.all(calls.map(take));
    expect(again).toEqual(given);
    const later = `${round}-later`;
    await bus.publishStored(
      "agent.ada.command",
      { type: "task", payload: later, command_id: later },
      { id: later },
    );
    const overtaking = await Promise.all(["a", "b", "c", "d"].map((name) => take(`early-${round}-${name}`)));
    expect(overtaking.flat()).toEqual([]);
    for (const command_id of ids) {
      await bus.publishStored("agent.ada.receipt", { command_id, state: "injected" });
    }
    expect(await take(`late-${round}`)).toEqual([later]);
    await bus.publishStored("agent.ada.receipt", { command_id: later, state: "injected" });
  }
});

test("each call is handled by one of two serves; of two answers at once one wins, and the agent is told once", async () => {
  await using nats = await startTestNats();
  await using one = await startServe(nats);
  await using two = await startServe(nats);
  const bus = await nats.bus();
  const agent = agentOn(bus, "ada");
  const handled: string[] = [];
  bus.subscribe("audit.tools.ada", ({ data }) => handled.push((parseJson(data) as { tool: string }).tool));
  await bus.flush();
  bus.publish("agent.ada.heartbeat", {});
  await until("ada on both", () => one.server.fleet.get(ada) && two.server.fleet.get(ada));
  const rounds = 10;
  const winners: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { request_id } = await agent.result("ask_human", { question: `question ${round}?`, wait_s: 0 });
    const id = String(request_id);
    await until("the request on both", () => one.server.requests.get(id) && two.server.requests.get(id));
    const answers = [
      one.server.requests.answer(id, { text: `left ${round}` }, "ann"),
      two.server.requests.answer(id, { text: `right ${round}` }, "ben"),
    ];
    const outcomes = await Promise.allSettled(answers);
    const won = outcomes.flatMap((each) => (each.status === "fulfilled" ? [each.value.answer] : []));
    expect(won).toHaveLength(1);
    const [lost] = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    expect(lost).toMatchObject({ code: "decided_already" });
    expect(lost.message).toContain(won[0]?.by);
    winners.push(won[0]?.text ?? "");
    await until("the same answer on both", () =>
      [one, two].every(({ server }) => server.requests.get(id)?.answer?.text === won[0]?.text),
    );
    // Both serves see it decided, and either may tell the agent.
    await until("it is marked as told", () => one.server.requests.get(id)?.told_at !== undefined);
  }
  const manager = await bus.connection.jetstreamManager();
  expect((await manager.streams.info("COMMANDS")).state.last_seq).toBe(rounds);
  const items = await agent.inbox();
  expect(items.map(({ text }) => text)).toEqual(winners);
  expect(await agent.inbox()).toEqual([]);
  const calls = [...Array.from({ length: rounds }, () => "ask_human"), "check_inbox", "check_inbox"];
  await until("the records of the calls", () => handled.length >= calls.length);
  expect(handled).toEqual(calls);
});

test("of forty requests that an agent makes at once at two serves, twenty wait", async () => {
  await using nats = await startTestNats();
  await using one = await startServe(nats);
  await using two = await startServe(nats);
  const agent = agentOn(await nats.bus(), "ada");
  const args = { question: "why?", wait_s: 0 };
  const asked = await Promise.all(Array.from({ length: 40 }, () => agent.call("ask_human", args)));
  expect(asked.filter(({ success }) => success)).toHaveLength(20);
  for (const { server } of [one, two]) {
    await until("twenty are open", () => server.requests.open().length === 20);
  }
});

test("of two serves, the leader alone grants leases of model servers, and after its end the other one", async () => {
  await using nats = await startTestNats();
  await using one = await startServe(nats);
  await using _two = await startServe(nats);
  const bus = await nats.bus();
  const request = (id: string) => {
    const request_id = crypto.randomUUID();
    const body = { request_id, act: "wait", server: "gpu:1" };
    return async (timeoutMs = 60_000) =>
      parseJson(new TextDecoder().decode(await bus.request(`modelserver.lease.${id}`, body, { timeoutMs })));
  };
  expect(await request("ada")()).toEqual({ state: "granted", slot: 0 });
  const bob = request("bob");
  expect(await bob()).toEqual({ state: "waiting", place: 1, waiting: 1 });
  await one.server.stop();
  // Ada's gate has gone with its host: the new leader listens for it first.
  const isGranted = async () => {
    const answer = (await bob(3_000).catch(() => undefined)) as { readonly state?: string } | undefined;
    return answer?.state === "granted";
  };
  await until("the lease of the new leader", isGranted);
});
