// Prints what agents have used, for `ls` and `show`: always with who estimated it and how old the estimate is.

import { spanText } from "../../domain/text/moment.ts";
import {
  contextText,
  costText,
  estimatedBy,
  tokensText,
  totalEstimatedBy,
  totalUsage,
} from "../../domain/usage.ts";
import type { Usage } from "../../domain/wire/event-messages.ts";

type DatedUsage = Usage & { readonly at: string };

/** The line below the table of `ls`: the totals of all agents. */
export function totalLine(agents: readonly { readonly usage?: DatedUsage }[], now: Date): string {
  const total = totalUsage(agents);
  const { tokens_used, estimated_cost, agents: told, oldest_at } = total;
  if (told === 0) return "cost unknown: no agent has reported any usage";
  const whose = told === agents.length ? "" : ` (${told} of ${agents.length} agents)`;
  const age = oldest_at === undefined ? "" : `, up to ${ageOf(oldest_at, now)} old`;
  const cost = estimated_cost === undefined ? "" : `${costText(estimated_cost)} · `;
  return `${cost}${tokensText(tokens_used)} tokens${whose}: ${totalEstimatedBy(total)}${age}`;
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
