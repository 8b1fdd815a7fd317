// What agents have spent, on a real nats-server: over restarts, and when the server did not run.
import { expect, test } from "bun:test";
import { sumOf } from "../../../src/domain/spending/spending-report.ts";
import { buckets } from "../../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { openExistingBucket } from "../../../src/nats/jetstream/bucket.ts";
import type { Server } from "../../../src/server/server.ts";
import { openSpending } from "../../../src/server/spending/spending.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const always = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
const spent = (server: Server) => sumOf(server.spending.sessions(), always);

async function use(bus: Bus, id: string, instance_id: string | undefined, usage: object): Promise<void> {
  const run = instance_id === undefined ? {} : { instance_id };
  await bus.publishStored(`agent.${id}.event`, { agent_id: id, kind: "usage", ...run, usage });
}

function isSpent(server: Server, tokens: number): Promise<unknown> {
  return waitFor(() => spent(server).tokens === tokens, {
    what: `${tokens} tokens`,
    saw: () => spent(server),
  });
}

test("the sum of all sessions never falls: not with a new run, not with a restart of the server, not with the agent's removal", async () => {
  await using first = await startTestServer();
  const cli = { source: "results" };
  first.bus.publish("agent.ada.heartbeat", {
    agent_id: "ada",
    status: "working",
    config_name: "coder",
    project_path: "/p",
  });
  await waitFor(() => first.server.fleet.list()[0]?.project_path === "/p", { what: "ada" });
  await use(first.bus, "ada", "r1", { ...cli, tokens_used: 100, estimated_cost: 5, model: "opus" });
  await isSpent(first.server, 100);
  await use(first.bus, "ada", "r2", { ...cli, tokens_used: 10, estimated_cost: 0.5, model: "opus" });
  await isSpent(first.server, 110);
  expect(spent(first.server)).toEqual({ tokens: 110, cost: 5.5, agents: 1, told: 1 });
  expect(first.server.spending.sessions()[0]).toMatchObject({ profile: "coder", project: "/p" });

  const second = await first.restart(async () => {
    await use(first.bus, "ada", "r2", { ...cli, tokens_used: 30, estimated_cost: 1, model: "opus" });
    await use(first.bus, "bob", "b1", { ...cli, tokens_used: 7 });
  });
  await isSpent(second.server, 137);
  await second.server.spending.read;
  expect(second.server.spending.isComplete()).toBe(true);
  expect(spent(second.server)).toEqual({ tokens: 137, cost: 6, agents: 2, told: 1 });

  // Nothing is counted twice, although the events are still in AUDIT.
  const third = await second.restart();
  await third.server.spending.read;
  expect(spent(third.server)).toEqual({ tokens: 137, cost: 6, agents: 2, told: 1 });
  await (await openExistingBucket(third.bus, buckets.agents)).delete("ada");
  await waitFor(() => third.server.fleet.list().every(({ agent_id }) => agent_id !== "ada"), {
    what: "the removal",
  });
  expect(spent(third.server)).toEqual({ tokens: 137, cost: 6, agents: 2, told: 1 });
  await third.server.stop();
});

test("the agent's own figures count only where its CLI tells none, whichever of both is told first", async () => {
  await using run = await startTestServer();
  await use(run.bus, "ada", undefined, { tokens_used: 40, estimated_cost: 1 });
  await use(run.bus, "ada", undefined, { tokens_used: 10, estimated_cost: 0.25 });
  await isSpent(run.server, 50);
  // Without a terminal, Claude Code tells its figures at the end of the turn in which the agent has told its own.
  await use(run.bus, "ada", "r1", { source: "results", tokens_used: 55 });
  await isSpent(run.server, 55);
  await use(run.bus, "ada", undefined, { tokens_used: 90, estimated_cost: 3 });
  // A program may also name the run.
  await use(run.bus, "ada", "r1", { tokens_used: 5 });
  await use(run.bus, "ada", "r1", { source: "results", tokens_used: 99 });
  await isSpent(run.server, 99);
});

test("however many runs an agent names, a bounded number of sessions is kept", async () => {
  await using run = await startTestServer();
  for (let i = 0; i < 2_050; i += 1) {
    const usage = { source: "results", tokens_used: 1 };
    run.bus.publish("agent.ada.event", { agent_id: "ada", kind: "usage", instance_id: `r${i}`, usage });
  }
  await waitFor(() => run.server.spending.sessions().length === 2_001, { what: "the sessions" });
});

test("what was spent outlives the loss of AUDIT, and what comes afterwards is counted", async () => {
  await using first = await startTestServer();
  for (let i = 0; i < 5; i += 1) await use(first.bus, "bob", "b", { source: "results", failed_tests: i });
  await use(first.bus, "ada", "r1", { source: "results", tokens_used: 100 });
  await isSpent(first.server, 100);
  const second = await first.restart(async () => {
    const manager = await first.bus.connection.jetstreamManager();
    await manager.streams.delete("AUDIT");
  });
  await second.server.spending.read;
  await use(second.bus, "ada", "r1", { source: "results", tokens_used: 130 });
  await isSpent(second.server, 130);
  await second.server.stop();
});

test("an AUDIT that is made anew under a running server stops neither the sums nor the statuses, and raises an alert", async () => {
  await using run = await startTestServer();
  // Without a heartbeat an alert would come into AUDIT, too, sooner or later.
  run.bus.publish("agent.ada.heartbeat", { agent_id: "ada", status: "working", interval_s: 3_600 });
  await waitFor(() => run.server.fleet.list().length === 1, { what: "ada" });
  const say = (message: string) =>
    run.bus.publishStored("agent.ada.status", { agent_id: "ada", status: "working", message });
  for (let i = 0; i < 10; i += 1) await say(`before ${i}`);
  await use(run.bus, "ada", "r1", { source: "results", tokens_used: 100 });
  await isSpent(run.server, 100);
  const manager = await run.bus.connection.jetstreamManager();
  const { config, state } = await manager.streams.info("AUDIT");
  await manager.streams.delete("AUDIT");
  await manager.streams.add(config);
  await use(run.bus, "ada", "r1", { source: "results", tokens_used: 130 });
  await say("afterwards");
  await isSpent(run.server, 130);
  const shown = () => JSON.stringify(run.server.fleet.list());
  await waitFor(() => shown().includes("afterwards"), { what: "the status" });
  expect(run.server.alerts.open().map(({ kind, message }) => [kind, message])).toContainEqual([
    "store_damaged",
    `AUDIT ends at 0, and was read to ${state.last_seq}`,
  ]);
  const second = await run.restart();
  await second.server.spending.read;
  expect(spent(second.server).tokens).toBe(130);
  await second.server.stop();
});

test("old sessions are kept as one with their sums, also if a serve was killed before it had erased them", async () => {
  await using first = await startTestServer();
  const cli = { source: "results" };
  await use(first.bus, "ada", "r1", { ...cli, tokens_used: 100 });
  await isSpent(first.server, 100);
  const keyOf = (session: string) => `session.ada.${Buffer.from(session).toString("base64url")}`;
  const at = "2020-01-01T00:00:00.000Z";
  const old = (session: string, tokens: number, more: object = {}) => ({
    ...{ agent_id: "ada", session, is_own: false, first_at: at, last_at: at, told: {}, audit_seq: 1 },
    quarters: [{ at: Math.floor(Date.parse(at) / 900_000), tokens }],
    ...more,
  });
  const second = await first.restart(async () => {
    const bucket = await openExistingBucket(first.bus, buckets.spending);
    const stored = [
      old("o1", 1),
      old("o2", 20),
      old("o3", 300),
      old("earlier.0", 21, { includes: ["o1", "o2"] }),
    ];
    for (const each of stored) await bucket.put(keyOf(each.session), each);
  });
  await isSpent(second.server, 421);
  await use(second.bus, "ada", "r1", { ...cli, tokens_used: 101 });
  await isSpent(second.server, 422);
  const third = await second.restart();
  const bucket = await openExistingBucket(third.bus, buckets.spending);
  const keys = [...(await bucket.entries()).keys()];
  expect(keys.sort()).toEqual(["cursor", keyOf("earlier.0"), keyOf("r1")].sort());
  expect(spent(third.server).tokens).toBe(422);
  await third.server.stop();
});

test("what AUDIT had is read again if it could not be read at first", async () => {
  await using run = await startTestServer();
  await use(run.bus, "ada", "r1", { source: "results", tokens_used: 100 });
  await isSpent(run.server, 100);
  const nats = await run.nats.bus("spending");
  let isAway = false;
  const bus = new Proxy(nats, {
    get(target, name) {
      if (isAway && name === "connection") throw new Error("no answer in time");
      return Reflect.get(target, name);
    },
  });
  const spending = await openSpending(bus, {
    ...{ replicas: 1, lease: { isLeader: () => false }, factsOf: () => ({}), log: silentLogger },
  });
  isAway = true;
  spending.start();
  await spending.read;
  expect(spending.isComplete()).toBe(false);
  isAway = false;
  await waitFor(() => spending.isComplete(), { what: "the second try" });
  expect(sumOf(spending.sessions(), always).tokens).toBe(100);
  await spending.stop();
});
