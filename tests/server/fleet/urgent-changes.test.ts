import { describe, expect, test } from "bun:test";
import { createUrgentChanges } from "../../../src/server/fleet/urgent-changes.ts";
import { ago, alive, now, orderOf, recordOf, saidOf } from "../../support/agent-records.ts";
import { ada } from "../../support/agents.ts";

describe("createUrgentChanges()", () => {
  test("a status, a request, an order and a receipt are urgent; a newer heartbeat is not", () => {
    const changes = createUrgentChanges(
      () => now,
      () => ago(900),
    );
    const record = recordOf({ ...alive, said: saidOf("working") });
    expect(changes.isUrgent(ada, record)).toBe(true);
    expect(changes.isUrgent(ada, { ...record, last_seen: ago(1) })).toBe(false);
    const ordered = { ...record, commands: [orderOf("pause")] };
    expect(changes.isUrgent(ada, ordered)).toBe(true);
    expect(changes.isUrgent(ada, { ...ordered, last_seen: ago(1) })).toBe(false);
    expect(changes.isUrgent(ada, { ...ordered, said: saidOf("blocked") })).toBe(true);
    expect(changes.isUrgent(ada, undefined)).toBe(true);
  });
});
