// What agents have used: tokens, cost, how full the model's window is. Figures of the agent's CLI are worth more than
// the model's own count of itself, as long as they are fresh. All of them are estimates.
import { type Usage, UsageSchema } from "./messages.ts";

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
  return { ...told, ...known, ...(failed_tests === undefined ? {} : { failed_tests }) };
}

export interface UsageTotal {
  readonly tokens_used: number;
  readonly estimated_cost: number;
  /** How many agents have told of either: with none, the sums say nothing. */
  readonly agents: number;
}

/** The sums over a fleet. */
export function totalUsage(records: Iterable<{ readonly usage?: Usage }>): UsageTotal {
  let [tokens_used, estimated_cost, agents] = [0, 0, 0];
  for (const { usage } of records) {
    if (usage?.tokens_used === undefined && usage?.estimated_cost === undefined) continue;
    tokens_used += usage.tokens_used ?? 0;
    estimated_cost += usage.estimated_cost ?? 0;
    agents += 1;
  }
  return { tokens_used, estimated_cost, agents };
}
