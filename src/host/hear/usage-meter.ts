// Adds up the tokens and the cost of the CLI's requests to the model, counting each request once, and reports the sums when they
// change.
import { definedOf } from "../../domain/defined.ts";
import type { ModelRequest } from "../../domain/hook.ts";
import type { Usage } from "../../domain/wire/event-messages.ts";

/** How many ids of requests are remembered, because the CLI repeats an export that was cut off. */
const mostRemembered = 1_000;

/** @param source where the CLI's figures come from, as {@link Usage} names it */
export type UsageMeter = (requests: readonly ModelRequest[], source: "telemetry" | "session") => void;

export function createUsageMeter(report: (usage: Usage) => void): UsageMeter {
  const counted = new Set<string>();
  let tokens_used = 0;
  /** Undefined as long as the CLI has told no cost: an unknown cost is not 0. */
  let estimated_cost: number | undefined;
  let latest: Pick<Usage, "model" | "context_tokens" | "context_window"> = {};
  return (requests, source) => {
    const fresh = requests.filter(({ id }) => {
      if (id === undefined) return true;
      const isNew = !counted.has(id);
      counted.add(id);
      return isNew;
    });
    for (const { tokens, cost, isConversation, ...request } of fresh) {
      tokens_used += tokens;
      if (cost !== undefined) estimated_cost = (estimated_cost ?? 0) + cost;
      const { model, context_tokens, context_window } = request;
      if (isConversation) latest = { ...latest, ...definedOf({ model, context_tokens, context_window }) };
    }
    for (const id of counted) {
      if (counted.size <= mostRemembered) break;
      counted.delete(id);
    }
    if (fresh.length > 0) report({ ...latest, tokens_used, ...definedOf({ estimated_cost }), source });
  };
}
