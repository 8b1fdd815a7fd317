// Keeps how far this serve has read the streams. The projector moves it on; the fleet store and `inbox/taken-orders.ts` read it.
import type { Cursor } from "./fleet-store.ts";

export interface ReadPosition {
  /** The last sequence of each stream that has been read. */
  cursor(): Cursor;
  /** Moves the position forward; never back. */
  advance(further: Partial<Cursor>): void;
  /** Moves the position in AUDIT back, because the stream ends there now. */
  rewindAudit(end: number): void;
  /** `done` resolves once `isReached` returns true for the position. `forget` ends the check. */
  reached(isReached: (cursor: Cursor) => boolean): {
    readonly done: Promise<void>;
    readonly forget: () => void;
  };
}

export function createReadPosition(from: Cursor): ReadPosition {
  let cursor = from;
  const waiting = new Set<() => void>();
  return {
    cursor: () => cursor,
    advance(further) {
      cursor = {
        audit_seq: Math.max(cursor.audit_seq, further.audit_seq ?? 0),
        commands_seq: Math.max(cursor.commands_seq, further.commands_seq ?? 0),
      };
      for (const look of waiting) look();
    },
    rewindAudit(end) {
      cursor = { ...cursor, audit_seq: Math.min(cursor.audit_seq, end) };
    },
    reached(isReached) {
      const { promise: done, resolve } = Promise.withResolvers<void>();
      const look = () => {
        if (isReached(cursor)) resolve();
      };
      waiting.add(look);
      look();
      return { done, forget: () => void waiting.delete(look) };
    },
  };
}
