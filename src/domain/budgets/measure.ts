// Measures budgets: what was spent of each in its present period, and whether it is nearly or wholly used up.
import { covers } from "../files/reservation.ts";
import { ownSessionOf } from "../spending/old-sessions.ts";
import type { SessionSpending } from "../spending/session-spending.ts";
import type { AgentId } from "../wire/agent-id.ts";
import { amountText, type Budget, type BudgetRaise, limitText, scopeText } from "./budget.ts";
import { ofAgent } from "./of-agent.ts";
import { type BudgetSpan, calendarSpan, runSpan } from "./periods.ts";
import type { Prices } from "./prices.ts";
import { type SpentSum, spentOf } from "./spent-of.ts";

interface Counted {
  readonly agent_id: string;
  readonly profile?: string | undefined;
  readonly project?: string | undefined;
  readonly tags: readonly string[];
}

/** What is known of an agent, as far as budgets are about it. */
export interface BudgetedAgent extends Counted {
  readonly agent_id: AgentId;
  /** Its present run, until that has ended or another one has taken its place; undefined if it has none. */
  readonly run?: string | undefined;
  /** Set while that run is not connected: it may still work, and nothing reaches it. */
  readonly is_away?: true;
}

/** `near`: 80 % are used. `reached`: all of it. */
export type BudgetLevel = "under" | "near" | "reached";

/** A budget in its present period; of a budget for each run, in one of the present runs. */
export interface MeasuredBudget extends SpentSum {
  readonly budget: Budget;
  /** Whose run it is, of a budget for each run. */
  readonly agent_id?: AgentId;
  /** The agents that run now and for which it counts, in the order of their names. */
  readonly agents: readonly AgentId[];
  /** Those for which it counts, and that do not run now or are away. */
  readonly resting: readonly AgentId[];
  /** Those of them whose run is only not connected. */
  readonly away: readonly AgentId[];
  readonly span: BudgetSpan;
  /** With what was added for this period. */
  readonly amount: number;
  readonly level: BudgetLevel;
}

export interface MeasuringFacts {
  readonly sessions: readonly SessionSpending[];
  /** The agents of the fleet. */
  readonly agents: readonly BudgetedAgent[];
  readonly prices: Prices;
  readonly nowMs: number;
  readonly zone: string;
}

const nearShare = 0.8;

export function measureBudget(budget: Budget, facts: MeasuringFacts): MeasuredBudget[] {
  const { sessions, agents, nowMs, zone } = facts;
  const { per } = budget;
  const meant = agentsFor(budget, agents);
  if (per !== "run") {
    const counted = possible(budget, sessions).filter(sessionFilter(budget, agents));
    return [{ ...measured(budget, calendarSpan(per, nowMs, zone), counted, facts), ...presenceOf(meant) }];
  }
  return meant.flatMap((agent) => {
    const { agent_id, run } = agent;
    if (run === undefined) return [];
    const names = [run, ownSessionOf(run)];
    const counted = ofAgent(sessions, agent_id).filter(({ session }) => names.includes(session));
    return [{ ...measured(budget, runSpan(run), counted, facts), agent_id, ...presenceOf([agent]) }];
  });
}

type Presence = Pick<MeasuredBudget, "agents" | "resting" | "away">;

function presenceOf(agents: readonly BudgetedAgent[]): Presence {
  const isThere = ({ run, is_away }: BudgetedAgent) => run !== undefined && is_away !== true;
  const idsOf = (found: readonly BudgetedAgent[]) => found.map(({ agent_id }) => agent_id).sort();
  return {
    agents: idsOf(agents.filter(isThere)),
    resting: idsOf(agents.filter((agent) => !isThere(agent))),
    away: idsOf(agents.filter(({ is_away }) => is_away === true)),
  };
}

function measured(
  budget: Budget,
  span: BudgetSpan,
  sessions: readonly SessionSpending[],
  { prices }: MeasuringFacts,
): Omit<MeasuredBudget, keyof Presence | "agent_id"> {
  const sum = spentOf(sessions, span, { unit: budget.unit, prices });
  const amount = budget.raises
    .filter(({ period }) => period === span.key)
    .reduce((total, { by_amount }) => total + by_amount, budget.amount);
  const level = sum.spent >= amount ? "reached" : sum.spent >= amount * nearShare ? "near" : "under";
  return { budget, span, amount, level, ...sum };
}

/**
 * What people have added for the present periods. An addition for a period that is over counts no more; AUDIT has all of them.
 * @param measured the budget in each of its present periods
 */
export function raisesThatCount(
  { raises }: Pick<Budget, "raises">,
  measured: readonly Pick<MeasuredBudget, "span">[],
): readonly BudgetRaise[] {
  const present = new Set(measured.map(({ span }) => span.key));
  return raises.filter(({ period }) => present.has(period));
}

/** The agents for which the budget counts. */
export function agentsFor<T extends Counted>(
  budget: Pick<Budget, "scope">,
  agents: readonly T[],
): readonly T[] {
  return possible(budget, agents).filter((agent) => countsFor(budget, agent));
}

/** Without those that the budget is not about at first sight, because there may be many budgets, each of one agent. */
function possible<T extends { readonly agent_id: string }>(
  { scope: { kind, name } }: Pick<Budget, "scope">,
  list: readonly T[],
): readonly T[] {
  return kind === "agent" ? ofAgent(list, name) : list;
}

/** Whether what the agent spends counts towards the budget, so that the budget may hold it. */
export function countsFor({ scope: { kind, name } }: Pick<Budget, "scope">, agent: Counted): boolean {
  switch (kind) {
    case "agent":
      return agent.agent_id === name;
    case "profile":
      return agent.profile === name;
    case "project":
      return isOfProject(agent.project, name);
    case "tag":
      return name !== undefined && agent.tags.includes(name);
    case "fleet":
      return true;
  }
}

/** Which sessions count. Those of removed agents do, except towards a tag: what tags they had is not known any more. */
function sessionFilter(
  budget: Pick<Budget, "scope">,
  agents: readonly BudgetedAgent[],
): (session: SessionSpending) => boolean {
  if (budget.scope.kind !== "tag") return (session) => countsFor(budget, { ...session, tags: [] });
  const tagged = new Set<string>(agentsFor(budget, agents).map(({ agent_id }) => agent_id));
  return ({ agent_id }) => tagged.has(agent_id);
}

/** Whether an agent works in the project's directory, below it, or in a worktree that is made beside it. */
function isOfProject(path: string | undefined, project: string | undefined): boolean {
  if (path === undefined || project === undefined) return false;
  return covers(project, path) || covers(`${project}.worktrees`, path);
}

/** `$4.10 of $5.00 (82 %), $0.40 of it estimated; 12k tokens of qwen3 have no price` */
export function spentText(measured: MeasuredBudget): string {
  const { budget, spent, amount, estimated, unpriced_tokens, unpriced_models } = measured;
  const { unit } = budget;
  const percent = Math.floor((spent / amount) * 100);
  const over = spent > amount ? `, ${amountText(unit, spent - amount)} over` : "";
  const guessed = estimated > 0 ? `, ${amountText(unit, estimated)} of it estimated` : "";
  const unknown =
    unpriced_tokens > 0
      ? `; ${amountText("tokens", unpriced_tokens)} of ${unpriced_models.join(", ")} have no price`
      : "";
  return `${amountText(unit, spent)} of ${amountText(unit, amount)} (${percent} %)${over}${guessed}${unknown}`;
}

/** `the budget of agent ada, $5.00 a day`; of a run of a wider budget with the agent. */
export function budgetName({ budget, agent_id }: Pick<MeasuredBudget, "budget" | "agent_id">): string {
  const whose = agent_id === undefined || budget.scope.kind === "agent" ? "" : ` for ${agent_id}`;
  return `the budget of ${scopeText(budget.scope)}${whose}, ${limitText(budget)}`;
}
