// Two serves count the same sessions, on a real nats-server: what one of them has written, the other one takes when it becomes the leader.
import { describe, expect, test } from "bun:test";
import type { SessionSpending } from "../../../src/domain/spending/session-spending.ts";
import { sumOf } from "../../../src/domain/spending/spending-report.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { createLedger } from "../../../src/server/spending/ledger.ts";
import { openSpendingStore } from "../../../src/server/spending/spending-store.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";

const always = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
const lastSeq = 9;
const atDay = (day: string) => `${day}T00:00:00.000Z`;

function session(name: string, day: string, tokens: number, more: Partial<SessionSpending> = {}) {
  const at = atDay(day);
  return {
    ...{ agent_id: ada, session: name, is_own: false, first_at: at, last_at: at, told: {} },
    ...{ audit_seq: lastSeq, quarters: [{ at: Math.floor(Date.parse(at) / 900_000), tokens }] },
    ...more,
  };
}

/** A serve over the bucket as it is now. */
async function openServe(bus: Bus) {
  const store = await openSpendingStore(bus, { replicas: 1, log: silentLogger });
  const ledger = createLedger(store, lastSeq, () => ({}));
  let seq = lastSeq;
  return {
    ...{ store, ledger },
    /** Another agent's report of that day, at which old sessions are put together. */
    dayIs(day: string) {
      seq += 1;
      const usage = { source: "results" as const, tokens_used: 0 };
      const message = { agent_id: bob, kind: "usage" as const, instance_id: "b", usage };
      ledger.apply({ id: bob, at: atDay(day), audit_seq: seq, message });
    },
    /** What ada tells itself. */
    own(tokens_used: number, day: string) {
      seq += 1;
      const message = { agent_id: ada, kind: "usage" as const, instance_id: "o", usage: { tokens_used } };
      ledger.apply({ id: ada, at: atDay(day), audit_seq: seq, message });
    },
    write: () => ledger.writeTo(store),
    tokens: () => sumOf(ledger.sessions(), always).tokens,
  };
}

/** What is stored before the serves read it. */
async function storeAll(bus: Bus, sessions: readonly SessionSpending[]): Promise<void> {
  const store = await openSpendingStore(bus, { replicas: 1, log: silentLogger });
  for (const each of sessions) await store.write(each);
}

describe("createLedger()", () => {
  test("what only our old sessions include is not erased if another serve has written them meanwhile", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const runs = [session("r1", "2020-01-01", 1), session("r2", "2020-02-01", 20)];
    await storeAll(bus, [...runs, session("r3", "2020-09-01", 300)]);
    const [leader, follower] = [await openServe(bus), await openServe(bus)];
    leader.dayIs("2020-04-20");
    await leader.write();
    // The leader is suspended here.
    follower.dayIs("2020-04-20");
    follower.dayIs("2020-06-20");
    expect(follower.tokens()).toBe(321);
    await follower.write();
    expect(follower.tokens()).toBe(321);
    const later = await openServe(bus);
    expect(later.tokens()).toBe(321);
    // It is put together on another day.
    for (const serve of [follower, later]) {
      serve.dayIs("2020-06-21");
      await serve.write();
      expect(serve.tokens()).toBe(321);
      expect((await openServe(bus)).tokens()).toBe(321);
    }
    const { sessions } = (await openServe(bus)).store;
    expect(sessions.map((each) => each.session)).not.toContain("r2");
  });

  test("what was left out of an agent's own figures stays left out if another serve has written them meanwhile", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const own = session("own.o", "2020-02-01", 5, { is_own: true, told: { tokens_used: 5 } });
    await storeAll(bus, [session("r1", "2020-02-01", 100), own, session("r2", "2020-09-01", 3_000)]);
    const [leader, follower] = [await openServe(bus), await openServe(bus)];
    for (const serve of [leader, follower]) serve.own(12, "2020-03-01");
    await leader.write();
    expect((await openServe(bus)).tokens()).toBe(3_107);
    // The leader is suspended here.
    follower.dayIs("2020-06-20");
    expect(follower.tokens()).toBe(3_107);
    await follower.write();
    expect((await openServe(bus)).tokens()).toBe(3_107);
  });
});
