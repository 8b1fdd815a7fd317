// Sets, raises and removes budgets at the operator's request on `serve.budgets`. Only the leader answers, because only the leader writes them. No
// agent's account reaches the subject.
import * as v from "valibot";
import { BudgetScopeSchema, LimitSchema } from "../../domain/budgets/budget.ts";
import { type BudgetView, BudgetViewSchema } from "../../domain/budgets/budget-view.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { AgentIdSchema } from "../../domain/wire/agent-id.ts";
import { shortText, TokenSchema } from "../../domain/wire/fields.ts";
import { serveBudgetsSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Lease } from "../lease.ts";
import { askOperatorDesk, openOperatorDesk } from "../operator-desk.ts";
import type { BudgetDesk } from "../server-desks.ts";
import type { Budgets } from "./budget-desk.ts";

const amount = LimitSchema.entries.amount;

/** What is to be done; without anything, the budgets are listed. */
const AskSchema = v.object({
  set: v.optional(v.object({ scope: BudgetScopeSchema, limit: LimitSchema })),
  raise: v.optional(
    v.object({ budget_id: TokenSchema, by_amount: amount, agent_id: v.optional(AgentIdSchema) }),
  ),
  remove: v.optional(TokenSchema),
  /** The budgets of an agent that is about to start. */
  launched: v.optional(v.object({ agent_id: AgentIdSchema, limits: v.array(LimitSchema) })),
  /** Who asks. */
  by: shortText("by"),
});
export type BudgetsAsk = v.InferOutput<typeof AskSchema>;

const desk = {
  subject: serveBudgetsSubject,
  request: AskSchema,
  /** All budgets; of a request that changes some, those. */
  result: v.array(BudgetViewSchema),
  answerWithinMs: 10_000,
};

/** Returns the function that ends it. */
export function openBudgetsByOperator(
  bus: Bus,
  budgets: Budgets,
  lease: Pick<Lease, "isLeader" | "onChange">,
  log: Logger,
): () => void {
  let close: (() => void) | undefined;
  const follow = (isLeader: boolean) => {
    close?.();
    close = isLeader ? openOperatorDesk(bus, desk, (ask) => carryOut(budgets, ask), log) : undefined;
  };
  follow(lease.isLeader());
  const unlisten = lease.onChange(follow);
  return () => {
    unlisten();
    close?.();
  };
}

async function carryOut(
  budgets: Budgets,
  { set, raise, remove, launched, by }: BudgetsAsk,
): Promise<BudgetView[]> {
  if (set !== undefined) return [await budgets.set(set, by)];
  if (raise !== undefined) return [await budgets.raise(raise, by)];
  if (remove !== undefined) return [await budgets.remove(remove, by)];
  if (launched !== undefined) return await budgets.launched(launched.agent_id, launched.limits, by);
  return [...budgets.list()];
}

/** The budgets as the pages and the API use them: any serve lists them, and the one that leads changes them. */
export function createBudgetDesk(bus: Bus, budgets: Budgets): BudgetDesk {
  const ask = async (asked: BudgetsAsk): Promise<BudgetView> => {
    const [changed] = await askForBudgets(bus, asked);
    if (changed === undefined) throw new CliaiError("failed", "the serve that leads has changed no budget");
    return changed;
  };
  return {
    list: budgets.list,
    of: budgets.of,
    set: (set, by) => ask({ set, by }),
    raise: (raise, by) => ask({ raise, by }),
    remove: (remove, by) => ask({ remove, by }),
  };
}

/** @throws CliaiError what {@link Budgets} throws; `server_unreachable` while no serve leads; `no_answer` */
export async function askForBudgets(bus: Bus, ask: BudgetsAsk): Promise<BudgetView[]> {
  return await askOperatorDesk(bus, desk, ask);
}
