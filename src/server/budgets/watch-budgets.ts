// Looks what was spent of each budget, soon after an agent has spent something: raises and ends the alerts about it, and has what follows done.
// Only the leader does it, and only when all that AUDIT has is counted: a sum that is still growing would end alerts and raise them again.
import { budgetName, type MeasuredBudget, spentText } from "../../domain/budgets/measure.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Alerts } from "../alerts/alerts.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Lease } from "../lease.ts";
import type { RequestReading } from "../server-desks.ts";
import type { SpendingReading } from "../server-readings.ts";
import type { BudgetActs } from "./act-on-budgets.ts";
import { type Budgets, budgetedAgent } from "./budget-desk.ts";

/** The kinds of alerts about budgets. */
const budgetAlerts = {
  near: "budget_near",
  /** It holds its agents. */
  reached: "budget_reached",
  /** It is hard: it stops its agents. */
  stopped: "budget_stopped",
  unknown: "budget_unknown",
} as const;

/** A day may begin, and a stop may not be carried out, without an event of an agent. */
const lookEveryMs = 2_000;
/** However much happens: a look measures all budgets. */
const leastBetweenMs = 1_000;

export interface BudgetWatchOptions {
  readonly budgets: Pick<Budgets, "measure" | "onChange">;
  readonly acts: BudgetActs;
  readonly requests: Pick<RequestReading, "onChange">;
  readonly fleet: Pick<FleetState, "onChange" | "record">;
  readonly spending: Pick<SpendingReading, "isComplete" | "sessions">;
  readonly alerts: Pick<Alerts, "open" | "raise" | "resolve">;
  readonly lease: Pick<Lease, "isLeader">;
  readonly now: () => Date;
}

/** Returns the function that ends it. */
export function watchBudgets(options: BudgetWatchOptions): () => void {
  const { budgets, acts, requests, fleet, spending, alerts, lease } = options;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let next: NodeJS.Timeout | undefined;
  const look = () => {
    clearTimeout(next);
    next = undefined;
    lookedAtMs = performance.now();
    if (!lease.isLeader() || !spending.isComplete()) return;
    const measured = budgets.measure();
    const wanted = new Map(measured.flatMap(alertsOf));
    for (const alert of alerts.open()) {
      const key = keyOf(alert.kind, alert.agent_id, alert.about);
      if (!kinds.has(alert.kind) || wanted.delete(key)) continue;
      alerts.resolve(alert.kind, alert.agent_id as AgentId | undefined, alert.about);
    }
    for (const cause of wanted.values()) alerts.raise({ ...cause, severity: "warning" });
    void acts.act(measured);
  };
  const lookSoon = () => {
    const waitMs = lookedAtMs + leastBetweenMs - performance.now();
    if (waitMs <= 0) look();
    else next ??= setTimeout(look, waitMs);
  };
  const concerns = createConcerns(options);
  const timer = setInterval(look, lookEveryMs);
  const endings = [
    fleet.onChange(({ ids }) => {
      if (concerns.concernBudgets(ids)) lookSoon();
    }),
    budgets.onChange(lookSoon),
    requests.onChange(({ kind, state }) => {
      if (kind === "budget" && state === "answered") lookSoon();
    }),
  ];
  look();
  return () => {
    clearInterval(timer);
    clearTimeout(next);
    for (const end of endings) end();
  };
}

/** Tells of the many changes of agents those that may change what was spent of a budget, or whom it holds. */
export function createConcerns({
  fleet,
  spending,
  now,
}: Pick<BudgetWatchOptions, "fleet" | "spending" | "now">): {
  concernBudgets(ids: readonly AgentId[]): boolean;
} {
  let sessions = spending.sessions();
  const known = new Map<AgentId, string>();
  const hasChanged = (id: AgentId) => {
    const record = fleet.record(id);
    if (record === undefined) return known.delete(id);
    const facts = JSON.stringify([budgetedAgent(record, now()), record.holds]);
    if (known.get(id) === facts) return false;
    known.set(id, facts);
    return true;
  };
  return {
    concernBudgets(ids) {
      const present = spending.sessions();
      const isSpent = present !== sessions;
      sessions = present;
      return ids.filter(hasChanged).length > 0 || isSpent;
    },
  };
}

const kinds: ReadonlySet<string> = new Set(Object.values(budgetAlerts));

interface BudgetCause {
  readonly kind: string;
  readonly agentId: AgentId | undefined;
  readonly about: string;
  readonly message: string;
}

/** The alerts that have to be open, each with its key. */
function alertsOf(measured: MeasuredBudget): (readonly [string, BudgetCause])[] {
  const { budget, level, agent_id, unpriced_tokens } = measured;
  const agentId = (agent_id ?? (budget.scope.kind === "agent" ? budget.scope.name : undefined)) as
    | AgentId
    | undefined;
  const about = budget.budget_id;
  const cause = (kind: string, words: string) => {
    const message = `${budgetName(measured)} ${words}: ${spentText(measured)}`;
    return [keyOf(kind, agentId, about), { kind, agentId, about, message }] as const;
  };
  return [
    ...(level === "near" ? [cause(budgetAlerts.near, "is nearly used up")] : []),
    ...(level === "reached"
      ? [cause(budget.hard === true ? budgetAlerts.stopped : budgetAlerts.reached, "is used up")]
      : []),
    ...(budget.unit === "usd" && unpriced_tokens > 0
      ? [cause(budgetAlerts.unknown, "cannot be measured")]
      : []),
  ];
}

function keyOf(kind: string, agentId: string | undefined, about: string | undefined): string {
  return `${kind} ${agentId ?? ""} ${about ?? ""}`;
}
