// The usage limit of one account: when it ends, as far as that is known, and when each of the account's agents goes on. Pure.
import * as v from "valibot";

export const AccountLimitSchema = v.object({
  /** What the agents name as their `account`; for an agent that names none, its own id. */
  account: v.string(),
  /** When the first of the turns failed whose agents have not all gone on, RFC 3339. */
  since: v.string(),
  /** When the last turn failed that shows more about it than the one before. */
  failed_at: v.string(),
  /** When it ends, as a CLI or a model's service has told it; absent if nobody has. */
  resets_at: v.exactOptional(v.string()),
  /** How many turns in a row have failed at it without anybody knowing its end. */
  tries: v.number(),
  /** Whether it lasts because a CLI still asks its model again at it, and not because another turn has failed. */
  is_retried: v.exactOptional(v.boolean()),
  /** When the first of the agents goes on. */
  until: v.string(),
});
export type AccountLimit = Readonly<v.InferOutput<typeof AccountLimitSchema>>;

/** A turn that has failed at a usage limit. */
export interface LimitFailure {
  readonly account: string;
  /** RFC 3339. */
  readonly at: string;
  readonly resets_at?: string | undefined;
}

/** How long agents wait at first for a limit whose end nobody knows. */
export const firstWaitMs = 60_000;
/** A request that a CLI makes again by itself at a usage limit. */
export interface LimitRetry extends LimitFailure {
  /** When the first try failed; `at` is the last one. */
  readonly since: string;
}

const longestWaitMs = 3_600_000;
/** So long after its end, a failure is one of another limit, and the limit is remembered only if an agent has not gone on yet. */
export const rememberedMs = 2 * longestWaitMs;

/** How long agents wait for a limit whose end nobody knows: 1 min, 2, 4, 8 …, at most an hour. */
export function waitMs(tries: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(16, Math.max(0, tries - 1)));
}

/** The limit after a turn has failed at it; the same limit if the failure shows nothing more. */
export function afterFailure(known: AccountLimit | undefined, failure: LimitFailure): AccountLimit {
  const { account, at, resets_at } = failure;
  const told = resets_at !== undefined && resets_at > at ? resets_at : undefined;
  if (known === undefined || ms(at) > ms(known.until) + rememberedMs) {
    return limitOf({ account, since: at, failed_at: at, tries: told === undefined ? 1 : 0 }, told);
  }
  // Turns that ran when the limit was reached fail a little later.
  if (ms(at) <= ms(known.until)) {
    const isNews = told !== undefined && (known.resets_at === undefined || told > known.resets_at);
    return isNews ? limitOf({ ...known, failed_at: at, tries: 0 }, told) : known;
  }
  return limitOf({ ...known, failed_at: at, tries: told === undefined ? known.tries + 1 : 0 }, told);
}

/** A CLI that asks again at a limit whose end nobody has told holds the other agents only after this time: many such limits are over in a moment. */
const retriesForMs = 10_000;
/** A try that is longer ago says nothing any more, unless it has named the end: its CLI may be gone. */
const retryCountsMs = 600_000;
/** More than the time between two looks of serve. */
const soonMs = 3_000;

/** The limit while a CLI asks its model again at it by itself; the known one, or none, if that shows nothing more. */
export function afterRetry(
  known: AccountLimit | undefined,
  { account, since, at, resets_at }: LimitRetry,
  now: Date,
): AccountLimit | undefined {
  const nowMs = now.getTime();
  const isAhead = resets_at !== undefined && ms(resets_at) > nowMs;
  const isShort = nowMs - ms(since) < retriesForMs;
  if (!isAhead && (isShort || nowMs - ms(at) > retryCountsMs)) return known;
  // The last try before an end that was told says nothing about what comes after it.
  const isBeforeEnd = known?.resets_at !== undefined && ms(at) <= ms(known.until);
  if (isBeforeEnd && !isAhead) return known;
  // Before the holds of this limit end: else the others would go on, and be held again.
  const endsSoon = known?.resets_at === undefined && known !== undefined && ms(known.until) - nowMs < soonMs;
  const failedMs = endsSoon ? Math.max(nowMs, ms(known.until) + 1) : nowMs;
  const failure = {
    account,
    at: new Date(failedMs).toISOString(),
    resets_at: isAhead ? resets_at : undefined,
  };
  const next = afterFailure(known, failure);
  return next === known ? known : { ...next, failed_at: now.toISOString(), is_retried: true };
}

/** The limit that has ended now, because an agent of the account has had an answer from its model since. */
export function endedNow(limit: AccountLimit, now: Date): AccountLimit {
  return { ...limit, tries: 0, until: now.toISOString() };
}

function limitOf(
  { account, since, failed_at, tries }: Pick<AccountLimit, "account" | "since" | "failed_at" | "tries">,
  resets_at: string | undefined,
): AccountLimit {
  const until = resets_at ?? new Date(ms(failed_at) + waitMs(tries)).toISOString();
  return { account, since, failed_at, tries, until, ...(resets_at === undefined ? {} : { resets_at }) };
}

/** Within this time all agents of an account go on, one after the other. */
const spreadMs = 60_000;

/** When each agent goes on: those with the highest priority first, over a minute. */
export function turnsAfter<Agent extends { readonly agent_id: string; readonly priority: number }>(
  { until }: Pick<AccountLimit, "until">,
  agents: readonly Agent[],
): ReadonlyMap<Agent["agent_id"], string> {
  const inOrder = agents.toSorted(
    (one, other) => other.priority - one.priority || (one.agent_id < other.agent_id ? -1 : 1),
  );
  const stepMs = spreadMs / Math.max(1, inOrder.length);
  return new Map(
    inOrder.map(({ agent_id }, place) => [
      agent_id,
      new Date(ms(until) + Math.round(place * stepMs)).toISOString(),
    ]),
  );
}

/** Whether the moment is within the minute in which the agents go on after this limit. */
export function isTurnAfter({ until }: Pick<AccountLimit, "until">, moment: string): boolean {
  const afterMs = ms(moment) - ms(until);
  return afterMs >= 0 && afterMs < spreadMs;
}

function ms(at: string): number {
  return Date.parse(at);
}
