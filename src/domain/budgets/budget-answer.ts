// What a person answers when a budget is used up: how much more, or that its agents are to be stopped.
import { CliaiError } from "../text/errors.ts";
import type { AskedBudget, BudgetUnit } from "./budget.ts";
import { readLimit } from "./parse-budget.ts";

export const stopWord = "stop";

/** What an answer means: so much more, or the end of its agents. Undefined if it is neither. */
export function readBudgetAnswer(
  text: string,
  unit: BudgetUnit,
): { readonly more: number } | { readonly stop: true } | undefined {
  const words = text.trim().toLowerCase();
  if (words === stopWord) return { stop: true };
  const read = readLimit(
    words.replace(/^(add|raise by|raise|\+) ?/, "").replaceAll(/(?<=\d),(?=\d{3})/g, ""),
    "run",
  );
  if (read === undefined || read.unit !== unit || read.hard !== undefined) return undefined;
  return { more: read.amount };
}

/** @throws CliaiError `usage` for an answer that is neither an amount nor a stop */
export function checkBudgetAnswer(
  { request_id, budget }: { readonly request_id: string; readonly budget?: AskedBudget | undefined },
  text: string,
): void {
  if (budget === undefined || readBudgetAnswer(text, budget.unit) !== undefined) return;
  const amount = budget.unit === "usd" ? "5" : "200k";
  throw new CliaiError("usage", `request ${request_id} takes an amount, or stop, not "${text}"`, {
    hint: `cliai answer ${request_id} "add ${amount}", or: cliai answer ${request_id} stop`,
  });
}
