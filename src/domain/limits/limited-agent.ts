// What a usage limit means for one agent: which account's it is, and whether a turn of the agent has failed at it. Pure.
import type { AgentRecord } from "../fleet/agent-record.ts";
import { decidingSession } from "../fleet/evidence-that-counts.ts";
import { isHoldOrder, type NewHold } from "../holding/hold.ts";
import type { AccountLimit, LimitFailure, LimitRetry } from "./account-limit.ts";
import type { OnLimit } from "./on-limit.ts";

/** An agent that does not name its account has limits of its own. */
export function accountOf({ agent_id, heartbeat }: AgentRecord): string {
  return heartbeat?.account ?? `agent ${agent_id}`;
}

/** The failure of the agent's last turn at a usage limit; undefined if that turn has not failed so. */
export function limitFailureOf(record: AgentRecord): LimitFailure | undefined {
  const error = decidingSession(record)?.turn_error;
  if (error?.error !== "usage_limit") return undefined;
  return { account: accountOf(record), at: error.at, resets_at: error.limit_resets_at };
}

/** The limit at which the agent's CLI asks its model again by itself; undefined if it does not. */
export function limitRetryOf(record: AgentRecord): LimitRetry | undefined {
  const retry = decidingSession(record)?.retry;
  if (retry?.error !== "usage_limit") return undefined;
  const { since, at = since, limit_resets_at: resets_at } = retry;
  return { account: accountOf(record), since, at, resets_at };
}

/** The failure, if the agent's last turn has failed at this limit. */
export function failureAt(
  { account, since, until }: Pick<AccountLimit, "account" | "since" | "until">,
  record: AgentRecord,
): LimitFailure | undefined {
  const failure = limitFailureOf(record);
  return failure?.account === account && failure.at >= since && failure.at <= until ? failure : undefined;
}

/** Whether the agent's model has answered since the limit was reached: in a turn that began after that, or a request that was made again. */
export function isPast({ failed_at }: AccountLimit, record: AgentRecord): boolean {
  const session = decidingSession(record);
  const { turn, turn_error, limit_passed_at = "" } = session ?? {};
  if (limit_passed_at > failed_at) return true;
  return turn?.ended_at !== undefined && turn_error === undefined && turn.since > failed_at;
}

/** Whether somebody has let the agent go on since its turn failed at the limit, and the agent has carried that out. */
export function isResumedSince({ commands }: AgentRecord, { at }: Pick<LimitFailure, "at">): boolean {
  return commands.some(
    (order) =>
      order.type === "resume" &&
      !isHoldOrder(order) &&
      order.receipts.some((receipt) => receipt.state === "applied" && receipt.at > at),
  );
}

/** @param until when it is the agent's turn to go on */
export function holdOf(
  { account, resets_at, since, failed_at, is_retried = false }: AccountLimit,
  until: string,
  does: Exclude<OnLimit, "stop">,
): NewHold {
  // As long as a CLI asks again at it, it is the same limit: whom a person has let go is not held again.
  const cause = resets_at ?? (is_retried ? since : failed_at);
  const hold = { reason: "usage_limit", source: account, cause } as const;
  const end = resets_at === undefined ? ", whose end is not known" : "";
  if (does === "resume") return { ...hold, words: `usage limit${end}`, until };
  const when = resets_at === undefined ? end : `, until ${resets_at.slice(0, 16).replace("T", " ")} UTC`;
  return { ...hold, words: `usage limit${when}; it goes on when a person resumes it` };
}
