import { describe, expect, test } from "bun:test";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { lastActionOf, lastSignOf, unheardSince } from "../../../../src/domain/fleet/shown/last-action.ts";
import { ago, alive, beatOf, now, orderOf, recordOf, saidOf } from "../../../support/agent-records.ts";

const session = { started_at: ago(900), last_event_at: ago(300), tools: [] };

describe("lastActionOf()", () => {
  test("is the last event of the session, and no heartbeat", () => {
    const quiet = recordOf({ ...alive, last_seen: ago(5), session, said: saidOf("working", 5) });
    expect(lastActionOf(quiet)).toBe(ago(300));
  });

  test("is what came last of its reports, its words, and the steps of its orders", () => {
    const progress = { note: "half", at: ago(200) };
    expect(lastActionOf(recordOf({ session, progress }))).toBe(ago(200));
    const commands = [orderOf("task", { state: "delivered", at: ago(20) })];
    expect(lastActionOf(recordOf({ session, progress, commands }))).toBe(ago(200));
    const taken = [orderOf("task", { state: "delivered", at: ago(20) }, { state: "seen", at: ago(10) })];
    expect(lastActionOf(recordOf({ session, progress, commands: taken }))).toBe(ago(10));
  });

  test("is its change of status without a session, and nothing for an agent that never did anything", () => {
    expect(lastActionOf(recordOf({ ...alive, said: saidOf("idle", 5, { since: ago(50) }) }))).toBe(ago(50));
    expect(lastActionOf(recordOf(alive))).toBeUndefined();
  });
});

test("lastSignOf() is the last action of an agent that is online, and when one that is away was heard", () => {
  const acted = { session, last_seen: ago(5) };
  expect(lastSignOf(viewAgent(recordOf({ ...acted, heartbeat: beatOf(5) }), now))).toBe(ago(300));
  expect(lastSignOf(viewAgent(recordOf({ ...acted, heartbeat: beatOf(90) }), now))).toBe(ago(5));
});

test("unheardSince() tells of the heartbeat only when it is late", () => {
  const heard = (s: number) => unheardSince(recordOf({ heartbeat: beatOf(s), last_seen: ago(s) }), now);
  expect(heard(15)).toBeUndefined();
  expect(heard(30)).toBeUndefined();
  expect(heard(31)).toBe(ago(31));
  expect(unheardSince(recordOf({ last_seen: ago(900) }), now)).toBeUndefined();
});
