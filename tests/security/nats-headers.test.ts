// What an agent can do to others by the headers of what it reports: nothing. Ids of its choice keep nobody's orders or receipts
// out, and no header of nats-server's is honoured that agents have no use for.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { headers, type NatsConnection } from "nats";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import { readStreamFacts } from "../../src/nats/jetstream/read-stream.ts";
import type { Server } from "../../src/server/server.ts";
import { startServer } from "../../src/server/start-server.ts";
import { bob } from "../support/agents.ts";
import { type SecureNats, startSecureNats } from "../support/secure-nats.ts";
import { waitFor } from "../support/wait-for.ts";

let nats: SecureNats;
let server: Server;
let mallory: NatsConnection;

beforeAll(async () => {
  nats = await startSecureNats();
  server = await startServer(nats.serve, {
    version: "0.0.0-test",
    replicas: 1,
    insecure: false,
    natsRestarts: nats.server.restarts,
    now: () => new Date(),
    log: silentLogger,
  });
  mallory = await nats.connectRaw((await nats.mintAgent("mallory")).creds, { name: "mallory" });
  for (const id of ["mallory", "bob"]) {
    nats.serve.publish(`agent.${id}.heartbeat`, { agent_id: id, status: "working", instance_id: `${id}-1` });
    await waitFor(() => server.fleet.get(parseAgentId(id)) !== undefined, { what: `${id} is known` });
  }
});
afterAll(async () => {
  await server.stop();
  await nats[Symbol.asyncDispose]();
});

const report = (kind: string) => JSON.stringify({ agent_id: "mallory", kind });
/** How many records the audit has on each of a receiver's subjects. */
async function auditedFor(id: string): Promise<Record<string, number>> {
  const { streams } = await nats.serve.connection.jetstreamManager();
  return (await streams.info("AUDIT", { subjects_filter: `agent.${id}.*` })).state.subjects ?? {};
}

test("under whatever ids it has stored events, another's orders are kept, delivered, and their receipts count", async () => {
  const foreseen = ["sweep-1-bob", "m-1", "answer-1"].flatMap((id) => [
    ...["delivered", "injected", "seen", "final"].map((state) => `bob.${id}.${state}`),
    ...["command", "message", "shutdown", "notice"].map((kind) => `${kind}.bob.${id}`),
    ...[id, `bob.${id}`],
  ]);
  for (const msgID of foreseen) {
    const ack = await mallory.jetstream().publish("agent.mallory.event", report("activity"), { msgID });
    expect(ack.duplicate).toBe(false);
  }
  const command_id = "sweep-1-bob";
  const sent = await server.sendCommand({ id: bob, type: "task", text: "dig", from: "eve", command_id });
  expect(sent.duplicate).toBe(false);
  for (const state of ["delivered", "injected", "seen", "applied"]) {
    await nats.serve.publishStored("agent.bob.receipt", { agent_id: "bob", command_id, state });
  }
  const states = () => server.fleet.get(bob)?.commands[0]?.receipts.map(({ state }) => state);
  await waitFor(() => states()?.length === 5, { what: "bob's receipts", saw: states });
  await waitFor(async () => (await auditedFor("bob"))["agent.bob.command"] === 1, {
    what: "the audit's copy",
    saw: () => auditedFor("bob"),
  });
  expect(await auditedFor("bob")).toEqual({ "agent.bob.command": 1, "agent.bob.receipt": 4 });
});

test("it cannot give another's receipt, nor guess the token by which one of its own would count", async () => {
  const command_id = "own-1";
  await server.sendCommand({
    id: parseAgentId("mallory"),
    type: "task",
    text: "dig",
    from: "eve",
    command_id,
  });
  const states = () =>
    server.fleet.get(parseAgentId("mallory"))?.commands[0]?.receipts.map(({ state }) => state);
  // Orders and receipts are read from two streams: without this a receipt may come first.
  await waitFor(() => states()?.includes("stored"), { what: "the order", saw: states });
  const receipt = { agent_id: "mallory", command_id, state: "applied", token: "A".repeat(22) };
  await mallory.jetstream().publish("agent.mallory.receipt", JSON.stringify(receipt));
  await mallory
    .jetstream()
    .publish("agent.mallory.receipt", JSON.stringify({ ...receipt, token: undefined, state: "delivered" }));
  await waitFor(() => states()?.includes("delivered"), { what: "the plain receipt", saw: states });
  expect(states()).toEqual(["stored", "delivered"]);
});

const others: readonly (readonly [name: string, value: string])[] = [
  ["Nats-Rollup", "all"],
  ["Nats-Rollup", "sub"],
  ["Nats-TTL", "1s"],
  ["Nats-Expected-Stream", "COMMANDS"],
  ["Nats-Expected-Last-Sequence", "1"],
  ["Nats-Expected-Last-Subject-Sequence", "1"],
  ["Nats-Expected-Last-Subject-Sequence-Subject", "agent.bob.receipt"],
  ["Nats-Expected-Last-Msg-Id", "x"],
  ["Nats-Stream-Source", "COMMANDS 999 agent.bob.command > >"],
  ["Nats-Marker-Reason", "Purge"],
  ["KV-Operation", "PURGE"],
  ["Nats-Schedule", "@every 1s"],
  ["Nats-Schedule-Target", "agent.bob.status"],
  ["Nats-Incr", "1"],
  ["Nats-Batch-Id", "b"],
  ["Nats-Trace-Dest", "agent.bob.status"],
  ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
];

test.each(others)("%s: %s makes an event of its own at most", async (name, value) => {
  const heard: string[] = [];
  const listening = nats.serve.connection.subscribe("agent.bob.>", {
    callback: (_, { subject }) => heard.push(subject),
  });
  await nats.serve.flush();
  const bobBefore = await auditedFor("bob");
  const own = async () => (await auditedFor("mallory"))["agent.mallory.event"] ?? 0;
  const [ownBefore, before] = [await own(), await readStreamFacts(nats.serve, "AUDIT")];
  const fields = headers();
  fields.set(name, value);
  const stored = await mallory
    .jetstream()
    .publish("agent.mallory.event", report("activity"), { headers: fields, timeout: 2_000 })
    .then(
      () => 1,
      () => 0, // refused by nats-server: that is as good
    );
  await mallory.jetstream().publish("agent.mallory.event", report("after"));
  expect((await readStreamFacts(nats.serve, "AUDIT")).first_seq).toBe(before.first_seq);
  expect((await own()) - ownBefore).toBe(stored + 1);
  expect(await auditedFor("bob")).toEqual(bobBefore);
  await nats.serve.flush();
  listening.unsubscribe();
  expect(heard).toEqual([]);
  expect(server.health().ready).toBe(true);
});
