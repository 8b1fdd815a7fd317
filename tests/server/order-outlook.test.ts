import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../src/domain/fleet/agent-record.ts";
import type { OrderType, ReceiptEntry } from "../../src/domain/receipts.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { noMoreReceipts, whereItIs } from "../../src/server/order-outlook.ts";

const ada = parseAgentId("ada");
const at = "2026-01-01T00:00:00.000Z";
const now = new Date("2026-01-01T00:00:10.000Z");
const alive: AgentRecord = {
  agent_id: ada,
  first_seen: at,
  commands: [],
  audit_seq: 0,
  commands_seq: 0,
  heartbeat: { at, interval_s: 15, instance_id: "r1", agent_cli: "claude" },
};
const gone = (status: string, message?: string): AgentRecord => ({
  ...alive,
  said: { status, at, since: at, source: "status", instance_id: "r1", ...(message ? { message } : {}) },
});
test.each<[ReceiptEntry["state"] | undefined, string]>([
  [undefined, "the order may still be stored; see its receipts: cliai show ada"],
  ["stored", "the order stays in the agent's queue; see its receipts: cliai show ada"],
  ["delivered", "the order waits until the agent's CLI takes text; see its receipts: cliai show ada"],
  [
    "injected",
    "the agent's CLI has it, but has not shown that its model has it; see its receipts: cliai show ada",
  ],
  ["seen", "the agent's model has it, and is not done with it; see its receipts: cliai show ada"],
])("whereItIs() of a task that is %s: %s", (state, where) => {
  expect(whereItIs(ada, "task", state)).toBe(where);
});

test.each<[OrderType, boolean, string]>([
  ["pause", false, "the agent holds at its next tool call; see its receipts: cliai show ada"],
  ["stop", false, "the agent finishes its turn first; to interrupt the turn: cliai send stop ada --force"],
  [
    "stop",
    true,
    "the agent's turn is being interrupted, and its process ended; see its receipts: cliai show ada",
  ],
])("whereItIs() of a %s that has begun, forced %p: %s", (type, force, where) => {
  for (const state of ["injected", "seen"] as const) expect(whereItIs(ada, type, state, force)).toBe(where);
  expect(whereItIs(ada, type, "delivered", force)).toBe(
    "the agent's host has it; see its receipts: cliai show ada",
  );
});

describe("noMoreReceipts()", () => {
  test.each([
    ["disconnected", "ada is disconnected"],
    ["crashed", "ada has crashed"],
    ["failed_to_start", "ada could not be started"],
  ])("of a task for one that has %s says so, and how it comes back", (status, why) => {
    const hint = "the agent gets it when it runs again: cliai resume ada";
    expect(noMoreReceipts(gone(status), "task", now)).toEqual({ why, hint });
  });

  test("of a task for one that cliai did not launch names no command that would be refused", () => {
    const { heartbeat: _, ...byHand } = gone("disconnected");
    const hint = noMoreReceipts(byHand, "task", now)?.hint;
    expect(hint).toStartWith("the agent gets it when it runs again: start its own program again");
  });

  test("lets a task for one that is there, or may be, be waited for", () => {
    expect(noMoreReceipts(alive, "task", now)).toBeUndefined();
    const silent = { ...alive, heartbeat: { at, interval_s: 1, instance_id: "r1" } };
    expect(noMoreReceipts(silent, "task", now)).toBeUndefined();
  });

  test("lets a stop be waited for also when its run has ended: serve then writes its last receipt", () => {
    expect(noMoreReceipts(gone("stopped", "stop by me"), "stop", now)).toBeUndefined();
    expect(noMoreReceipts(gone("crashed"), "stop", now)).toBeUndefined();
  });
});
