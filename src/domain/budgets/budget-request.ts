// What a person is asked when a budget is used up: how much more, or whether its agents are to be stopped.
import type { AgentRequest } from "../requests.ts";
import type { AgentId } from "../wire/agent-id.ts";
import { amountText } from "./budget.ts";
import { stopWord } from "./budget-answer.ts";
import { budgetName, type MeasuredBudget, spentText } from "./measure.ts";

/** @param held the agents that wait for the answer; the request stands at the first of them */
export function budgetRequest(
  measured: MeasuredBudget,
  held: readonly [AgentId, ...AgentId[]],
  { request_id, asked_at }: Pick<AgentRequest, "request_id" | "asked_at">,
): AgentRequest {
  const { budget, span, amount } = measured;
  const { unit, per } = budget;
  const [agent_id, ...others] = held;
  const what = others.length === 0 ? agent_id : `${held.length} agents`;
  const more = (share: number) => `add ${amountText(unit, amount * share)}`;
  return {
    ...{ request_id, agent_id, asked_at },
    kind: "budget",
    question: `${budgetName(measured)} is used up: ${spentText(measured)}. How much more for this ${per}, or stop ${what}?`,
    ...(others.length === 0 ? {} : { context: `held until it is answered: ${held.join(", ")}` }),
    choices: [more(1), more(0.5), stopWord],
    budget: { budget_id: budget.budget_id, period: span.key, amount, unit },
    on_expiry: "expire",
    state: "asked",
  };
}
