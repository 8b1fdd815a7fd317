// Prints what agents have used: for `ls` what was spent today, for `show` the figures of one agent, with who estimated them and when.

import { type SpentToday, sumOfToday } from "../../domain/spending/spent-today.ts";
import { spanText } from "../../domain/text/moment.ts";
import { contextText, costText, estimatedBy, tokensText } from "../../domain/usage.ts";
import type { Usage } from "../../domain/wire/event-messages.ts";

type DatedUsage = Usage & { readonly at: string };

/**
 * The line below the table of `ls`: what was spent today, as the bar of the dashboard says it.
 * @param spent undefined if no serve has told it
 * @param ids only what these agents have spent
 */
export function spentLine(spent: SpentToday | undefined, ids?: ReadonlySet<string>): string {
  if (spent === undefined) return "what was spent today is not known: only cliai serve knows it";
  const { cost, tokens, agents, told } = sumOfToday(spent, ids);
  const more = spent.is_complete ? "" : "; the server still reads its history, so there may be more";
  if (agents === 0) return `no cost told today${more}`;
  const whose = told === 0 || told === agents ? "" : `; the cost is that of ${told} of ${agents} agents`;
  const money = cost === undefined ? "" : `${costText(cost)} · `;
  return `${money}${tokensText(tokens)} tokens today, est.${whose}${more}`;
}

/** The rows of one agent, without the figures that it has not reported. */
export function usageFacts(usage: DatedUsage | undefined, now: Date): Record<string, string | undefined> {
  if (usage === undefined) return { usage: "none reported yet" };
  const { model, tokens_used, estimated_cost, at } = usage;
  return {
    model,
    context: contextText(usage),
    tokens: tokens_used?.toLocaleString("en"),
    cost: estimated_cost === undefined ? undefined : costText(estimated_cost),
    usage: `${estimatedBy(usage)}, ${ageOf(at, now)} ago`,
  };
}

function ageOf(at: string, now: Date): string {
  return spanText((now.getTime() - Date.parse(at)) / 1000);
}
