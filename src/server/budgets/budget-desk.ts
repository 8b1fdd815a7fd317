// This room keeps the budgets, measures what was spent of them, tells of those that are nearly used up, and holds or stops the agents of those that are.
//
// Sets, raises and removes budgets. AUDIT has a record of each of these, by the name of who did it, which is stored before the change counts.
import { isGuest } from "../../domain/agent-protocol/guest-id.ts";
import {
  type Budget,
  type BudgetScope,
  budgetIdOf,
  isSameBudget,
  keptScope,
  type Limit,
  limitText,
  scopeText,
} from "../../domain/budgets/budget.ts";
import { type BudgetView, budgetForAgent, viewBudget } from "../../domain/budgets/budget-view.ts";
import {
  type BudgetedAgent,
  countsFor,
  type MeasuredBudget,
  type MeasuringFacts,
  measureBudget,
  raisesThatCount,
} from "../../domain/budgets/measure.ts";
import type { Prices } from "../../domain/budgets/prices.ts";
import { definedOf } from "../../domain/defined.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { deriveLink } from "../../domain/fleet/axis/link.ts";
import { tagsOf } from "../../domain/fleet/shown/tags.ts";
import { holderName } from "../../domain/holding/hold.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { auditBudgetSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { BudgetDesk, Raise } from "../server-desks.ts";
import type { SpendingReading } from "../server-readings.ts";
import { openBudgetStore } from "./budget-store.ts";
import { createTurns } from "./one-at-a-time.ts";

/** More budgets than anybody sets. Those of launches do not count: they go with their agents. */
const mostBudgets = 500;

export interface BudgetOptions {
  readonly replicas: number;
  readonly fleet: Pick<FleetState, "record" | "records">;
  readonly spending: Pick<SpendingReading, "sessions">;
  /** The time zone of days and months. */
  readonly zone: string;
  readonly prices: () => Prices;
  readonly now: () => Date;
  readonly log: Logger;
}

export interface Budgets extends BudgetDesk {
  /** Each budget in its present period; of budgets for each run, one for each present run. */
  measure(): readonly MeasuredBudget[];
  /** Replaces the budgets that an earlier launch has given the agent. Those that a person has set stay. */
  launched(id: AgentId, limits: readonly Limit[], by: string): Promise<BudgetView[]>;
  /** Removes the budgets of an agent that was removed itself. Those of its profile, its project and the fleet stay. */
  forget(id: AgentId): Promise<void>;
  /** Calls the listener after each change of a budget. Returns the function that removes it. */
  onChange(listener: () => void): () => void;
  stop(): Promise<void>;
}

/** Resolves when the stored budgets have been read. */
export async function openBudgets(bus: Bus, options: BudgetOptions): Promise<Budgets> {
  const { fleet, spending, zone, prices, now } = options;
  const store = await openBudgetStore(bus, options);
  const facts = (): MeasuringFacts => ({
    sessions: spending.sessions(),
    agents: [...fleet.records()].map((record) => budgetedAgent(record, now())),
    prices: prices(),
    nowMs: now().getTime(),
    zone,
  });
  const view = (budget: Budget) => viewBudget(budget, facts());
  const record = auditOf(bus, now);
  const find = (budgetId: string): Budget => {
    const found = store.list().find(({ budget_id }) => budget_id === budgetId);
    if (found === undefined) throw unknownBudget(budgetId, store.list());
    return found;
  };
  const put = async (scope: BudgetScope, limit: Limit, by: string, ofLaunch: boolean): Promise<Budget> => {
    const known = store.list().find((each) => isSameBudget(each, { scope, ...limit }));
    if (known !== undefined && ofLaunch && (known.of_launch !== true || isSameLimit(known, limit)))
      return known;
    const isNew = known === undefined && !ofLaunch;
    if (isNew && store.list().filter(({ of_launch }) => of_launch !== true).length >= mostBudgets)
      throw tooMany();
    const budget: Budget = {
      ...{ budget_id: known?.budget_id ?? budgetIdOf(crypto.randomUUID()), scope, ...limit },
      ...{ made_by: by, made_at: now().toISOString(), raises: known?.raises ?? [] },
      ...(ofLaunch ? { of_launch: true as const } : {}),
    };
    await record("set", budget, by, limitText(limit));
    await store.put(budget);
    return budget;
  };
  /** Of two changes at once, the second is made of what the first has left. Only the leader makes any. */
  const inTurn = createTurns();
  const remove = async (budget: Budget, by: string) => {
    await record("removed", budget, by, limitText(budget));
    await store.remove(budget.budget_id);
  };
  const launched = async (id: AgentId, limits: readonly Limit[], by: string) => {
    const scope: BudgetScope = { kind: "agent", name: id };
    const isOurs = (budget: Budget) => budget.of_launch === true && isOfAgent(budget, id);
    const wanted = limits.map((limit) => ({ scope, ...limit }));
    for (const budget of store.list().filter(isOurs)) {
      if (!wanted.some((each) => isSameBudget(each, budget))) await remove(budget, by);
    }
    const made: Budget[] = [];
    for (const limit of limits) made.push(await put(scope, limit, by, true));
    return made.map(view);
  };
  const raise = async (asked: Raise, by: string) => {
    const budget = find(asked.budget_id);
    const measured = measureBudget(budget, facts());
    const { span } = meant(measured, asked);
    const { by_amount, request_id } = asked;
    const at = now().toISOString();
    const added = { period: span.key, by_amount, by, at, ...definedOf({ request_id }) };
    const raised = { ...budget, raises: [...raisesThatCount(budget, measured), added] };
    await record("raised", budget, by, `by ${by_amount} ${budget.unit} in ${span.key}: ${limitText(budget)}`);
    await store.put(raised);
    return view(raised);
  };
  const forget = async (id: AgentId) => {
    for (const budget of store.list().filter((each) => isOfAgent(each, id)))
      await remove(budget, `${holderName} (${id} was removed)`);
  };
  return {
    list() {
      const known = facts();
      return store.list().map((budget) => viewBudget(budget, known));
    },
    of(id) {
      const record = fleet.record(id);
      if (record === undefined) return [];
      const agent = budgetedAgent(record, now());
      const budgets = store.list().filter((budget) => countsFor(budget, agent));
      if (budgets.length === 0) return [];
      const known = facts();
      return budgets.map((budget) => budgetForAgent(budget, id, known));
    },
    measure() {
      const budgets = store.list();
      if (budgets.length === 0) return [];
      const known = facts();
      return budgets.flatMap((budget) => measureBudget(budget, known));
    },
    set: ({ scope, limit }, by) => inTurn(async () => view(await put(keptScope(scope), limit, by, false))),
    launched: (id, limits, by) => inTurn(() => launched(id, limits, by)),
    raise: (asked, by) => inTurn(() => raise(asked, by)),
    remove: (budgetId, by) =>
      inTurn(async () => {
        const budget = find(budgetId);
        await remove(budget, by);
        return view(budget);
      }),
    forget: (id) => inTurn(() => forget(id)),
    onChange: store.onChange,
    stop: store.stop,
  };
}

/** Returns what stores a record in AUDIT, before what it tells of is done. */
function auditOf(bus: Bus, now: () => Date) {
  return async (
    act: "set" | "raised" | "removed",
    { budget_id, scope, ...budget }: Budget,
    by: string,
    what: string,
  ) => {
    const agent_id = scope.kind === "agent" ? scope.name : undefined;
    await bus.publishStored(auditBudgetSubject, {
      ...{ act, budget_id, scope, limit: limitText(budget), from: by, ...definedOf({ agent_id }) },
      message: `${act}: ${what} for ${scopeText(scope)}`,
      at: now().toISOString(),
    });
  };
}

/** What budgets know of an agent. */
export function budgetedAgent(record: AgentRecord, now: Date): BudgetedAgent {
  const { agent_id, config_name: profile, project_path: project } = record;
  return { agent_id, profile, project, tags: tagsOf(record), ...presentRun(record, now) };
}

/** A lost connection does not end a run: it goes on, and what it spends counts. */
function presentRun(record: AgentRecord, now: Date): Pick<BudgetedAgent, "run" | "is_away"> {
  const run = record.heartbeat?.instance_id;
  if (isGuest(record) || run === undefined) return {};
  const { value, source } = deriveLink(record, now);
  if (value === "online" || value === "silent") return { run };
  return value === "offline" && source === "connection" ? { run, is_away: true } : {};
}

/** The run that is meant by a raise. */
function meant(measured: readonly MeasuredBudget[], { budget_id, agent_id }: Raise): MeasuredBudget {
  const found = measured.filter((each) => agent_id === undefined || (each.agent_id ?? agent_id) === agent_id);
  const [first, ...others] = found;
  if (first === undefined) {
    throw new CliaiError("refused", `the budget ${budget_id} has no run now that can be given more`, {
      hint: "change it for all runs: cliai budget set",
    });
  }
  if (others.length > 0) {
    const names = found.map((each) => each.agent_id).join(", ");
    throw new CliaiError("usage", `the budget ${budget_id} is for the runs of ${names}`, {
      hint: `say whose: --agent ${first.agent_id}`,
    });
  }
  return first;
}

function isOfAgent({ scope }: Budget, id: AgentId): boolean {
  return scope.kind === "agent" && scope.name === id;
}

function isSameLimit(one: Limit, other: Limit): boolean {
  return one.amount === other.amount && one.hard === other.hard;
}

function unknownBudget(id: string, budgets: readonly Budget[]): CliaiError {
  const ids = budgets.map(({ budget_id }) => budget_id);
  return new CliaiError("request_unknown", `no budget "${id}"`, {
    hint: didYouMean(id, ids) ?? "cliai budget lists them",
  });
}

function tooMany(): CliaiError {
  return new CliaiError("refused", `there are ${mostBudgets} budgets already`, {
    hint: "remove some: cliai budget",
  });
}
