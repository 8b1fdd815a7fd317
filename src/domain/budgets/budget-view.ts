// A budget as the API and the commands show it: with what was spent of it, and for whom it counts now.
import * as v from "valibot";
import { definedOf } from "../defined.ts";
import { amountText, type Budget, BudgetSchema, limitText, scopeText } from "./budget.ts";
import { agentsFor, type MeasuredBudget, type MeasuringFacts, measureBudget, spentText } from "./measure.ts";

const MeasuredSchema = v.object({
  /** `2026-11-29`, `2026-11`, or `run:` and the run's id. */
  period: v.string(),
  /** Whose run it is, of a budget for each run. */
  agent_id: v.exactOptional(v.string()),
  /** When the day or month begins and ends, RFC 3339. */
  from: v.exactOptional(v.string()),
  to: v.exactOptional(v.string()),
  /** US dollars or tokens, with what was added for this period. */
  amount: v.number(),
  spent: v.number(),
  /** How much of `spent` is an estimate. */
  estimated: v.number(),
  /** How much of the amount is left; less, if the cost of some tokens is not known. */
  left: v.number(),
  /** How much was spent beyond the amount. */
  over: v.number(),
  /** The tokens whose cost is not known, which `spent` has not, and their models. */
  unpriced_tokens: v.number(),
  unpriced_models: v.array(v.string()),
  level: v.picklist(["under", "near", "reached"]),
  /** The same in words. */
  text: v.string(),
});

export const BudgetViewSchema = v.object({
  ...BudgetSchema.entries,
  /** The agents of the fleet for which it counts now. */
  agents: v.array(v.string()),
  /** Of a budget for a day or a month one; of one for each run, one for each present run. */
  now: v.array(MeasuredSchema),
});
export type BudgetView = v.InferOutput<typeof BudgetViewSchema>;

/** A budget as it is shown with one of its agents. */
export const AgentBudgetSchema = v.omit(BudgetViewSchema, ["agents", "raises"]);
export type AgentBudget = v.InferOutput<typeof AgentBudgetSchema>;

/** The budget for one of its agents: of a budget for each run, only with that agent's run. */
export function budgetForAgent(budget: Budget, agentId: string, facts: MeasuringFacts): AgentBudget {
  const { agents: _agents, raises: _raises, now, ...kept } = viewBudget(budget, facts);
  return { ...kept, now: now.filter(({ agent_id = agentId }) => agent_id === agentId) };
}

/** `$0.90 left`; `at most`, because tokens of an unknown cost are not in what was spent. */
export function leftText(
  { unit }: Pick<BudgetView, "unit">,
  { left, unpriced_tokens }: BudgetView["now"][number],
): string {
  const isOpen = unit === "usd" && unpriced_tokens > 0 && left > 0;
  return `${isOpen ? "at most " : ""}${amountText(unit, left)} left`;
}

/** A budget with what is left of it, in one line: `$5.00 a day, project /p/shop: $0.90 left; $4.10 of $5.00 (82 %)` */
export function agentBudgetText(budget: AgentBudget): string {
  const { scope, now } = budget;
  const whose = scope.kind === "agent" ? "" : `, ${scopeText(scope)}`;
  const sums = now.map((span) => `${leftText(budget, span)}; ${span.text}`);
  return `${limitText(budget)}${whose}: ${sums.join("; ") || "no run now"}`;
}

export function viewBudget(budget: Budget, facts: MeasuringFacts): BudgetView {
  const agents = agentsFor(budget, facts.agents).map(({ agent_id }) => agent_id);
  return {
    ...budget,
    raises: [...budget.raises],
    agents: agents.sort(),
    now: measureBudget(budget, facts).map(viewMeasured),
  };
}

function viewMeasured(measured: MeasuredBudget): BudgetView["now"][number] {
  const { span, agent_id, amount, spent, estimated, unpriced_tokens, unpriced_models, level } = measured;
  const { key, fromMs, toMs } = span;
  const isRun = toMs === Number.POSITIVE_INFINITY;
  return {
    period: key,
    ...definedOf({ agent_id }),
    ...(isRun ? {} : { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }),
    ...{ amount, spent, estimated, left: Math.max(0, amount - spent), over: Math.max(0, spent - amount) },
    ...{ unpriced_tokens, unpriced_models: [...unpriced_models], level, text: spentText(measured) },
  };
}
