// What sessions have spent in a span of time, in the unit of a budget: as their CLIs have told it, and what they have not told by an estimate.
import { type Quarter, quarterMs, type SessionSpending } from "../spending/session-spending.ts";
import type { Span } from "../spending/spending-report.ts";
import type { BudgetUnit } from "./budget.ts";
import { type Prices, priceOf } from "./prices.ts";

export interface SpentSum {
  /** US dollars or tokens. */
  readonly spent: number;
  /** How much of it is an estimate. Tokens never are. */
  readonly estimated: number;
  /** The tokens whose cost is not known: they are not in `spent`. */
  readonly unpriced_tokens: number;
  /** Of which models they are. */
  readonly unpriced_models: readonly string[];
}

export function spentOf(
  sessions: readonly SessionSpending[],
  span: Span,
  { unit, prices }: { readonly unit: BudgetUnit; readonly prices: Prices },
): SpentSum {
  const sum = { spent: 0, estimated: 0, unpriced_tokens: 0 };
  const unpriced = new Set<string>();
  const estimate = (tokens: number, usdPerToken: number | undefined, model: string | undefined) => {
    if (usdPerToken === undefined) {
      sum.unpriced_tokens += tokens;
      if (tokens > 0) unpriced.add(model ?? "unknown");
      return;
    }
    sum.spent += tokens * usdPerToken;
    sum.estimated += tokens * usdPerToken;
  };
  for (const session of sessions) {
    if (Date.parse(session.last_at) + quarterMs < span.fromMs) continue;
    const within = session.quarters.filter((quarter) => isWithin(quarter, span));
    if (unit === "tokens") for (const { tokens } of within) sum.spent += tokens;
    else if (!tellsCost(session)) {
      for (const { tokens, model } of within) estimate(tokens, priceOf(prices, model), model);
    } else {
      for (const { cost = 0 } of within) sum.spent += cost;
      const last = session.quarters.at(-1);
      const { uncosted_tokens: tokens = 0 } = session;
      if (last === undefined || tokens === 0 || !isWithin(last, span)) continue;
      // What the session has told of itself is nearer to its cost than any table: it knows its share of cached tokens.
      estimate(tokens, ownPriceOf(session) ?? priceOf(prices, last.model), last.model);
    }
  }
  return { ...sum, unpriced_models: [...unpriced] };
}

function isWithin({ at }: Quarter, { fromMs, toMs }: Span): boolean {
  return at * quarterMs >= fromMs && at * quarterMs < toMs;
}

function tellsCost({ told, quarters }: SessionSpending): boolean {
  return told.estimated_cost !== undefined || quarters.some(({ cost }) => cost !== undefined);
}

/** US dollars for one token, of what the session has told so far; undefined if it has told the cost of nothing. */
function ownPriceOf({ quarters, uncosted_tokens = 0 }: SessionSpending): number | undefined {
  const tokens = quarters.reduce((sum, quarter) => sum + quarter.tokens, 0) - uncosted_tokens;
  const cost = quarters.reduce((sum, quarter) => sum + (quarter.cost ?? 0), 0);
  return tokens > 0 && cost > 0 ? cost / tokens : undefined;
}
