// Notes what the agents of an account show of its usage limit: a turn that has failed at it, a request that is made again at it, and an answer of its model after that.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import {
  type AccountLimit,
  afterFailure,
  afterRetry,
  endedNow,
  rememberedMs,
} from "../../domain/limits/account-limit.ts";
import { failureAt, isPast, limitFailureOf, limitRetryOf } from "../../domain/limits/limited-agent.ts";
import { longestLimitMs } from "../../domain/limits/reset-words.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import { takes } from "../order-target.ts";
import type { LimitStore } from "./limit-store.ts";

/** A turn that failed longer ago is not noted any more: its agent may have been told something else, by a person at its terminal. */
const freshMs = 10 * 60_000;

export interface LimitNotes {
  isOver(limit: AccountLimit): boolean;
  noteFailures(records: readonly AgentRecord[]): Promise<void>;
  /** Notes the limits at which a CLI asks its model again by itself. */
  noteRetries(records: readonly AgentRecord[]): Promise<void>;
  /** @param members the agents of the account */
  noteEnd(limit: AccountLimit, members: readonly AgentRecord[]): Promise<void>;
}

export function createLimitNotes(
  store: LimitStore,
  { fleet, now }: { readonly fleet: FleetState; readonly now: () => Date },
): LimitNotes {
  const isOver = ({ until }: AccountLimit) => Date.parse(until) <= now().getTime();
  /** Whether an agent has not gone on yet, for example because a person has paused it, or because it is not connected. */
  const isAwaited = (limit: AccountLimit) =>
    fleet.records().some((record) => takes("task", record, now()) && failureAt(limit, record) !== undefined);

  const noteRetries = async (records: readonly AgentRecord[]) => {
    for (const record of records) {
      const retry = limitRetryOf(record);
      if (retry === undefined) continue;
      const known = store.of(retry.account);
      const limit = afterRetry(known, retry, now());
      if (limit !== undefined && limit !== known) await store.put(limit);
    }
  };
  const noteFailures = async (records: readonly AgentRecord[]) => {
    for (const record of records) {
      const failure = limitFailureOf(record);
      if (failure === undefined) continue;
      const { at, resets_at } = failure;
      // If its end is known and ahead, the limit is one however long ago the turn failed: serve may have been away.
      const isAhead = resets_at !== undefined && Date.parse(resets_at) > now().getTime();
      if (!isAhead && now().getTime() - Date.parse(at) > freshMs) continue;
      const known = store.of(failure.account);
      const limit = afterFailure(known, failure);
      if (limit === known) continue;
      const isOther = known !== undefined && limit.since !== known.since;
      await store.put(isOther && isAwaited(known) ? { ...limit, since: known.since } : limit);
    }
  };
  const noteEnd = async (limit: AccountLimit, members: readonly AgentRecord[]) => {
    const overForMs = now().getTime() - Date.parse(limit.until);
    if (overForMs > longestLimitMs || (overForMs > rememberedMs && !isAwaited(limit)))
      return await store.drop(limit);
    if (limit.resets_at !== undefined || !members.some((each) => isPast(limit, each))) return;
    if (!isOver(limit)) await store.put(endedNow(limit, now()));
    // The wait was long enough: the next failure is not one in a row.
    else if (limit.tries > 0) await store.put({ ...limit, tries: 0 });
  };
  return { isOver, noteRetries, noteFailures, noteEnd };
}
