// What agents have used: tokens, cost, context. As long as figures from the agent's CLI are fresh, they win over those that the model
// reports itself. All figures are estimates.
import { definedOf } from "./defined.ts";
import { type Usage, UsageSchema } from "./wire/event-messages.ts";

export interface KnownUsage extends Usage {
  readonly at: string;
  /** The figures that the agent's CLI has reported, by run; absent if it has reported none for a known run. */
  readonly runs?: RunSums;
}

type Sums = Pick<Usage, "tokens_used" | "estimated_cost">;

/** The sums of all runs are `earlier` and `latest` together. */
interface RunSums {
  /** The run that has reported `latest`. */
  readonly run: string;
  readonly latest: Sums;
  /** What earlier runs have used, without what `latest` includes of it. */
  readonly earlier: Sums;
}

/** How long the CLI's figures win over those that the agent reports itself. */
const cliFiguresCountMs = 600_000;

/**
 * The usage after a further report. A figure that the report leaves out stays as it was; an unknown figure is dropped. Tokens and cost
 * from the agent's CLI are the sums of one run, so those of earlier runs are added.
 * @param run the run that reports; undefined if it is not known
 */
export function mergeUsage(
  known: KnownUsage | undefined,
  report: Usage,
  at: string,
  run?: string,
): KnownUsage {
  const { restored_tokens: _, ...told }: Usage = Object.fromEntries(
    Object.entries(report).filter(([name]) => Object.hasOwn(UsageSchema.entries, name)),
  );
  if (told.source !== undefined && run !== undefined) {
    const runs = sumsAfter(known?.runs, report, run);
    return { ...known, ...told, ...totalOf(runs), at, runs };
  }
  if (known?.source === undefined || told.source !== undefined) return { ...known, ...told, at };
  if (Date.parse(at) - Date.parse(known.at) > cliFiguresCountMs) {
    const { source: _, ...figures } = known;
    return { ...figures, ...told, at };
  }
  const { failed_tests } = told;
  return { ...told, ...known, ...definedOf({ failed_tests }) };
}

function sumsAfter(known: RunSums | undefined, report: Usage, run: string): RunSums {
  const { tokens_used, estimated_cost } = report;
  const told = definedOf({ tokens_used, estimated_cost });
  if (known?.run === run) return { ...known, latest: { ...known.latest, ...told } };
  return { run, latest: told, earlier: known === undefined ? {} : without(totalOf(known), report) };
}

/**
 * What earlier runs have used, minus what the CLI has restored with the session, because the new run's sums include that. A CLI that was killed
 * restores less than it had reported. It does not report the restored cost, so that is estimated by the share of the tokens.
 */
function without(total: Sums, { tokens_used = 0, estimated_cost = 0, restored_tokens = 0 }: Usage): Sums {
  const { tokens_used: tokens = 0, estimated_cost: cost } = total;
  if (restored_tokens >= tokens && restored_tokens > 0) return {};
  const restoredCost = tokens_used === 0 ? 0 : (estimated_cost * restored_tokens) / tokens_used;
  return {
    tokens_used: tokens - restored_tokens,
    ...(cost === undefined ? {} : { estimated_cost: Math.max(0, cost - restoredCost) }),
  };
}

function totalOf({ earlier, latest }: RunSums): Sums {
  return definedOf({
    tokens_used: sum(earlier.tokens_used, latest.tokens_used),
    estimated_cost: sum(earlier.estimated_cost, latest.estimated_cost),
  });
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : one + (other ?? 0);
}

/** How many percent of the model's context window are filled; undefined if that is not known. */
export function contextFilled({ context_tokens, context_window }: Usage): number | undefined {
  if (context_tokens === undefined || context_window === undefined || context_window === 0) return undefined;
  return Math.min(100, Math.round((context_tokens / context_window) * 100));
}

/** Words that say whose estimate the figures are. */
export function estimatedBy({ source }: Usage): string {
  return source === undefined ? "the agent's own estimate" : "its CLI's estimate";
}

/** `$0.42`, `$1,240.00`; `under $0.01` for less than that, but not for 0. */
export function costText(dollars: number): string {
  return dollars > 0 && dollars < 0.01 ? "under $0.01" : `$${dollars.toFixed(2).replace(thousands, ",")}`;
}

const thousands = /\B(?=(?:\d{3})+\.)/g;

/** `950`, `12.3k`, `200k`, `1.2M`. */
export function tokensText(tokens: number): string {
  if (tokens < 1_000) return String(Math.round(tokens));
  const [amount, unit] = tokens < 999_500 ? [tokens / 1_000, "k"] : [tokens / 1_000_000, "M"];
  return `${amount < 100 ? Number(amount.toFixed(1)) : Math.round(amount)}${unit}`;
}

/** `45k of 200k tokens (23 %)`, or the part of it that is known; undefined if nothing is. */
export function contextText(usage: Usage): string | undefined {
  const { context_tokens, context_window } = usage;
  const percent = contextFilled(usage);
  if (context_tokens === undefined) return undefined;
  if (percent === undefined || context_window === undefined) return `${tokensText(context_tokens)} tokens`;
  return `${tokensText(context_tokens)} of ${tokensText(context_window)} tokens (${percent} %)`;
}
