// Which changes of agents concern budgets: all budgets are measured then, which takes long in a large fleet.
import { expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import type { SessionSpending } from "../../../src/domain/spending/session-spending.ts";
import { createConcerns } from "../../../src/server/budgets/watch-budgets.ts";
import { alive, now, recordOf } from "../../support/agent-records.ts";
import { ada } from "../../support/agents.ts";

test("what was spent, a new run and new tags concern budgets, and a heartbeat alone does not", () => {
  const first = recordOf(alive);
  let record: AgentRecord | undefined = first;
  let sessions: readonly SessionSpending[] = [];
  const { concernBudgets } = createConcerns({
    fleet: { record: () => record, onChange: () => () => undefined },
    spending: { isComplete: () => true, sessions: () => sessions },
    now: () => now,
  });
  const concern = () => [concernBudgets([ada]), concernBudgets([ada])];
  expect(concern()).toEqual([true, false]);
  sessions = [...sessions];
  expect(concern()).toEqual([true, false]);
  record = { ...first, profile_tags: ["night"] };
  expect(concern()).toEqual([true, false]);
  const next = {
    ...first,
    run_started_at: "2026-01-01T00:00:00Z",
    heartbeat: { ...alive.heartbeat, instance_id: "next" },
  };
  record = next;
  expect(concern()).toEqual([true, false]);
  record = { ...next, last_seen: "2026-01-01T05:00:31.000Z" };
  expect(concern()).toEqual([false, false]);
  record = undefined;
  expect(concern()).toEqual([true, false]);
});
