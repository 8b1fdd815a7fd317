// Stores what sessions have spent in the bucket `spending`, a key for each session, and up to where AUDIT is included. Only the leader writes.
import * as v from "valibot";
import type { SessionSpending } from "../../domain/spending/session-spending.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket } from "../../nats/jetstream/bucket.ts";
import { createFencedWriter } from "../fleet/fenced-writer.ts";

const cursorKey = "cursor";
const sessionPrefix = "session.";
const CursorSchema = v.object({ audit_seq: v.number() });

const SumsSchema = v.object({
  tokens_used: v.exactOptional(v.number()),
  estimated_cost: v.exactOptional(v.number()),
});
const SessionSchema = v.object({
  agent_id: v.string(),
  session: v.string(),
  profile: v.exactOptional(v.string()),
  project: v.exactOptional(v.string()),
  is_own: v.boolean(),
  first_at: v.string(),
  last_at: v.string(),
  told: SumsSchema,
  uncosted_tokens: v.exactOptional(v.number()),
  generation: v.exactOptional(v.number()),
  seq: v.exactOptional(v.number()),
  audit_seq: v.number(),
  includes: v.exactOptional(v.array(v.string())),
  quarters: v.array(
    v.object({
      at: v.number(),
      model: v.exactOptional(v.string()),
      tokens: v.number(),
      cost: v.exactOptional(v.number()),
    }),
  ),
});

export interface SpendingStore {
  /** What was stored when the store was opened. */
  readonly sessions: readonly SessionSpending[];
  /** Up to which sequence of AUDIT the stored sessions include all reports. */
  readonly cursor: number;
  /**
   * Writes a session.
   * @returns what another serve has written of it meanwhile, if that stays: then nothing is written
   * @throws CliaiError if the store takes nothing
   */
  write(session: SessionSpending): Promise<SessionSpending | undefined>;
  /** Call it when all sessions up to there are written, so that after a crash in between nothing is missing. @throws CliaiError */
  writeCursor(cursor: number): Promise<void>;
  /** Whether the session is stored. @throws CliaiError if the store does not answer */
  has(session: SessionSpending): Promise<boolean>;
  /** Erases sessions. Call it when the session that includes them is written. @throws CliaiError if the store takes nothing */
  erase(sessions: readonly SessionSpending[]): Promise<void>;
}

export async function openSpendingStore(
  bus: Bus,
  { replicas, log }: { readonly replicas: number; readonly log: Logger },
): Promise<SpendingStore> {
  const bucket = await openBucket(bus, buckets.spending, { replicas });
  const writer = createFencedWriter(bucket);
  const sessions: SessionSpending[] = [];
  let cursor = 0;
  for (const [key, { value, revision }] of await bucket.entries()) {
    writer.saw(key, revision);
    if (key === cursorKey) cursor = v.is(CursorSchema, value) ? value.audit_seq : 0;
    else if (!key.startsWith(sessionPrefix)) continue;
    else if (v.is(SessionSchema, value)) sessions.push(value);
    else log.warn(`what is stored under "${key}" of the bucket spending is no session: it is ignored`);
  }
  let written = cursor;
  return {
    sessions,
    cursor,
    async write(session) {
      const key = keyOf(session);
      for (;;) {
        const conflict = await writer.write(key, session);
        if (conflict === undefined) return undefined;
        if (v.is(SessionSchema, conflict.present) && stays(conflict.present, session))
          return conflict.present;
      }
    },
    async writeCursor(upTo) {
      if (upTo !== written && (await writer.write(cursorKey, { audit_seq: upTo })) === undefined)
        written = upTo;
    },
    has: async (session) => (await bucket.entry(keyOf(session))) !== undefined,
    async erase(sessions) {
      for (const session of sessions) await bucket.erase(keyOf(session));
    },
  };
}

/** Whether what another serve has written of a session stays, in place of ours. */
function stays(present: SessionSpending, ours: SessionSpending): boolean {
  // It may include sessions that are erased by now, and that ours does not include.
  if (present.includes !== undefined && ours.includes !== undefined) return true;
  if (present.audit_seq !== ours.audit_seq) return present.audit_seq > ours.audit_seq;
  // Of the same reports, ours has fewer quarters if something was left out of it since.
  return present.quarters.length <= ours.quarters.length;
}

/** A run's id may be any text, but a key may not. */
function keyOf({ agent_id, session }: SessionSpending): string {
  return `${sessionPrefix}${agent_id}.${Buffer.from(session).toString("base64url")}`;
}

/** For a log line. */
export function whyNotWritten(error: unknown): string {
  return `what was spent is not stored yet: ${messageOf(error)}`;
}
