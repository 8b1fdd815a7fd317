// Adds up the tokens and the cost of the CLI's requests to the model, counting each request once, and reports the sums when they
// change.
import type { ModelRequest } from "../../domain/hook.ts";
import type { Usage } from "../../domain/wire/event-messages.ts";

/** How many ids of requests are remembered, because the CLI sends an export again that was cut off. */
const mostRemembered = 1_000;

export function createUsageMeter(
  report: (usage: Usage) => void,
): (requests: readonly ModelRequest[]) => void {
  const counted = new Set<string>();
  let tokens_used = 0;
  let estimated_cost = 0;
  let latest: Pick<Usage, "model" | "context_tokens"> = {};
  return (requests) => {
    const fresh = requests.filter(({ id }) => !counted.has(id));
    for (const { id, tokens, cost, model, context_tokens, isConversation } of fresh) {
      counted.add(id);
      tokens_used += tokens;
      estimated_cost += cost;
      if (isConversation) latest = { ...(model === undefined ? {} : { model }), context_tokens };
    }
    for (const id of counted) {
      if (counted.size <= mostRemembered) break;
      counted.delete(id);
    }
    if (fresh.length > 0) report({ ...latest, tokens_used, estimated_cost, source: "telemetry" });
  };
}
