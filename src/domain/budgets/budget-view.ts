// A budget as the API and the commands show it: with what was spent of it, and for whom it counts now.
import * as v from "valibot";
import { definedOf } from "../defined.ts";
import { type Budget, BudgetSchema } from "./budget.ts";
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
    ...{ amount, spent, estimated, over: Math.max(0, spent - amount) },
    ...{ unpriced_tokens, unpriced_models: [...unpriced_models], level, text: spentText(measured) },
  };
}
