// When budgets are looked at: what is measured is counted, not compared with the clock.
import { expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import type { SessionSpending } from "../../../src/domain/spending/session-spending.ts";
import { watchBudgets } from "../../../src/server/budgets/watch-budgets.ts";
import type { FleetChange } from "../../../src/server/server.ts";
import { alive, now, recordOf } from "../../support/agent-records.ts";
import { ada } from "../../support/agents.ts";
import { until } from "../../support/wait-for.ts";

test("budgets are looked at when something was spent, or a run, a tag or a hold has changed, and not for each change of an agent", async () => {
  let looks = 0;
  let record: AgentRecord = recordOf(alive);
  let sessions: readonly SessionSpending[] = [];
  let tell: (change: FleetChange) => void = () => undefined;
  const none = () => () => undefined;
  const end = watchBudgets({
    budgets: {
      measure: () => {
        looks += 1;
        return [];
      },
      onChange: none,
    },
    acts: { act: async () => undefined },
    requests: { onChange: none },
    fleet: {
      record: () => record,
      onChange: (listener) => {
        tell = listener;
        return () => undefined;
      },
    },
    spending: { isComplete: () => true, sessions: () => sessions },
    alerts: { open: () => [], raise: () => undefined, resolve: () => undefined },
    lease: { isLeader: () => true },
    now: () => now,
  });
  const change = () => tell({ revision: 1, ids: [ada], isUrgent: false });
  /** How many looks follow the next one, of a hundred changes at once. */
  const looksAfter = async (what: string, changes: () => void) => {
    const before = looks;
    changes();
    change();
    await until(what, () => looks > before);
    const first = looks;
    for (let count = 0; count < 100; count += 1) change();
    return looks - first;
  };
  expect(looks).toBe(1);
  for (let count = 0; count < 100; count += 1) change();
  expect(looks).toBe(1);
  for (const changes of [
    () => {
      sessions = [...sessions];
    },
    () => {
      record = {
        ...record,
        run_started_at: "2026-01-01T00:00:00Z",
        heartbeat: { ...alive.heartbeat, instance_id: "next" },
      };
    },
  ]) {
    expect(await looksAfter("a look", changes)).toBe(0);
  }
  end();
});
