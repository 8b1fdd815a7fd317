// Reduces what an agent reports about itself in a message: its status, its task, and that it lives. Pure.
import { definedOf } from "../../defined.ts";
import { beginningOf } from "../../text/summary.ts";
import type { AgentRecord, LastWords, SaidStatus } from "../agent-record.ts";

/** How many characters of an agent's own texts are kept, because `dashboard.state` has all records in one message. AUDIT has the whole texts. */
export const wordsLength = 4_000;

/**
 * The field `said` after a reported status; empty if there is none. If the status is repeated, `since` and the source stay as they were.
 * @param before what was said before
 * @param at RFC 3339
 */
export function said(
  before: SaidStatus | undefined,
  status: string | undefined,
  message: string | undefined,
  source: SaidStatus["source"],
  instance_id: string | undefined,
  at: string,
): { said?: SaidStatus } {
  if (status === undefined) return {};
  const told = message === undefined ? undefined : beginningOf(message, wordsLength);
  const repeated = before?.status === status && (told === undefined || told === before.message);
  const words = told ?? (repeated ? before.message : undefined);
  const reported_at = source === "status" ? at : repeated ? before.reported_at : undefined;
  return {
    said: {
      status,
      at,
      since: repeated ? before.since : at,
      source: repeated ? before.source : source,
      ...definedOf({ message: words, reported_at, instance_id }),
    },
  };
}

/** Sets `last_seen`, but never to an earlier time. */
export function seen(record: AgentRecord, at: string): AgentRecord {
  const last_seen = lastSeen(record, at);
  return last_seen === record.last_seen ? record : { ...record, last_seen };
}

/** The later of the record's `last_seen` and `at`. */
export function lastSeen({ last_seen }: AgentRecord, at: string): string {
  return last_seen !== undefined && last_seen >= at ? last_seen : at;
}

/** `null` or "" clears the task; a message without the field leaves it as it was. A heartbeat repeats what was reported before. */
export function task(
  before: AgentRecord,
  current_task: string | null | undefined,
  source: SaidStatus["source"],
  at: string,
): { current_task?: string; task_at?: string } {
  if (current_task === undefined) return {};
  const text = beginningOf(current_task ?? "", wordsLength);
  const isRepeated = source === "heartbeat" && text === before.current_task;
  return isRepeated ? { current_task: text } : { current_task: text, task_at: at };
}

/** How many characters of what an agent said last are kept, because `dashboard.state` contains it for every agent. */
const lastWordsLength = 1_000;

export function lastWords(text: string, at: string): LastWords {
  return { text: beginningOf(text, lastWordsLength), at };
}
