// What agents have used: tokens, cost, context. Figures of the agent's CLI replace the model's own count as long as they
// are fresh. All are estimates.
import { definedOf } from "./defined.ts";
import { type Usage, UsageSchema } from "./wire/event-messages.ts";

export type KnownUsage = Usage & { readonly at: string };

/** How long the agent's own figures give way to those that its CLI has measured. */
const cliFiguresCountMs = 600_000;

/** What is known after a further report: a figure that it leaves out stays as it was, one that has no name here is not kept. */
export function mergeUsage(known: KnownUsage | undefined, report: Usage, at: string): KnownUsage {
  const told: Usage = Object.fromEntries(
    Object.entries(report).filter(([name]) => Object.hasOwn(UsageSchema.entries, name)),
  );
  if (known?.source === undefined || told.source !== undefined) return { ...known, ...told, at };
  if (Date.parse(at) - Date.parse(known.at) > cliFiguresCountMs) {
    const { source: _, ...figures } = known;
    return { ...figures, ...told, at };
  }
  const { failed_tests } = told;
  return { ...told, ...known, ...definedOf({ failed_tests }) };
}

export interface UsageTotal {
  readonly tokens_used: number;
  readonly estimated_cost: number;
  /** How many agents have told of either: with none, the sums say nothing. */
  readonly agents: number;
  /** How old the sums are: when the agent that has told nothing for the longest last told. */
  readonly oldest_at?: string;
}

/** The sums over a fleet. */
export function totalUsage(
  records: Iterable<{ readonly usage?: Usage & { readonly at?: string } }>,
): UsageTotal {
  let [tokens_used, estimated_cost, agents] = [0, 0, 0];
  let oldest_at: string | undefined;
  for (const { usage } of records) {
    if (usage?.tokens_used === undefined && usage?.estimated_cost === undefined) continue;
    tokens_used += usage.tokens_used ?? 0;
    estimated_cost += usage.estimated_cost ?? 0;
    agents += 1;
    const { at } = usage;
    if (at !== undefined && (oldest_at === undefined || at < oldest_at)) oldest_at = at;
  }
  return { tokens_used, estimated_cost, agents, ...definedOf({ oldest_at }) };
}

/** How much of the model's window is filled; undefined where either is not known. */
export function contextFilled({ context_tokens, context_window }: Usage): number | undefined {
  if (context_tokens === undefined || context_window === undefined || context_window === 0) return undefined;
  return Math.min(100, Math.round((context_tokens / context_window) * 100));
}

/** Whose estimate the figures are. */
export function estimatedBy({ source }: Usage): string {
  return source === undefined ? "the agent's own estimate" : "its CLI's estimate";
}

/** `$0.42`; `under $0.01` for what is not nothing. */
export function costText(dollars: number): string {
  return dollars > 0 && dollars < 0.01 ? "under $0.01" : `$${dollars.toFixed(2)}`;
}

/** `950`, `12.3k`, `200k`, `1.2M`. */
export function tokensText(tokens: number): string {
  if (tokens < 1_000) return String(Math.round(tokens));
  const [amount, unit] = tokens < 999_500 ? [tokens / 1_000, "k"] : [tokens / 1_000_000, "M"];
  return `${amount < 100 ? Number(amount.toFixed(1)) : Math.round(amount)}${unit}`;
}

/** `45k of 200k tokens (23 %)`, or as much of it as is known. */
export function contextText(usage: Usage): string | undefined {
  const { context_tokens, context_window } = usage;
  const percent = contextFilled(usage);
  if (context_tokens === undefined) return undefined;
  if (percent === undefined || context_window === undefined) return `${tokensText(context_tokens)} tokens`;
  return `${tokensText(context_tokens)} of ${tokensText(context_window)} tokens (${percent} %)`;
}
