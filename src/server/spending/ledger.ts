// What each session has spent, in memory, and what of it the store does not have yet.
import {
  dayOf,
  foldOld,
  oldAfterMs,
  oneMore,
  ownSessionOf,
  unnamedRun,
} from "../../domain/spending/old-sessions.ts";
import { addReport, type SessionSpending } from "../../domain/spending/session-spending.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { AgentEvent } from "../../domain/wire/event-messages.ts";
import { createBook } from "./spending-book.ts";
import type { SpendingStore } from "./spending-store.ts";
import { writeBook } from "./write-book.ts";

/** Beyond so many sessions of an agent, further ones count as one: an agent may name as many runs as it likes. */
const mostSessions = 2_000;

/** An agent's event in AUDIT. */
export interface SpendingEvent {
  readonly id: AgentId;
  readonly at: string;
  readonly audit_seq: number;
  readonly message: AgentEvent;
}

export interface Ledger {
  /** Adds what an event tells, in the order of AUDIT. An event up to the position changes nothing. */
  apply(event: SpendingEvent): void;
  /** Up to which sequence of AUDIT all reports are included. */
  position(): number;
  /** Moves the position forward. */
  moveTo(seq: number): void;
  /** Moves the position back to where AUDIT ends now; what was counted stays. */
  rewind(end: number): void;
  /** What counts of all sessions. */
  sessions(): readonly SessionSpending[];
  /** Writes what has changed. @throws CliaiError if the store takes nothing */
  writeTo(store: SpendingStore): Promise<void>;
}

/** @param lastSeq the last sequence of AUDIT now */
export function createLedger(
  { sessions: stored, cursor }: Pick<SpendingStore, "sessions" | "cursor">,
  lastSeq: number,
  factsOf: (id: AgentId) => { readonly profile?: string | undefined; readonly project?: string | undefined },
): Ledger {
  const book = createBook();
  // After a damage to its store, AUDIT counts from less than before.
  let position = Math.min(cursor, lastSeq);
  let day = 0;
  /** Every serve does it by the times of AUDIT, so all of them do the same. */
  const foldAt = (at: string) => {
    if (dayOf(at) <= day) return;
    day = dayOf(at);
    for (const sessions of book.agents()) {
      const folding = foldOld([...sessions.values()], Date.parse(at) - oldAfterMs);
      for (const session of folding?.gone ?? []) book.drop(session);
      for (const session of folding?.changed ?? []) book.change(session);
    }
  };
  for (const session of stored) book.put({ ...session, audit_seq: Math.min(session.audit_seq, lastSeq) });
  // A serve has written a session, and has ended before it erased those that it includes.
  for (const { agent_id, includes = [] } of stored) {
    for (const name of includes) {
      const included = book.of(agent_id).get(name);
      if (included !== undefined) book.drop(included);
    }
  }
  return {
    apply({ id, at, audit_seq, message }) {
      if (audit_seq <= position) return;
      position = audit_seq;
      const { usage, instance_id, session_id, generation, seq } = message;
      if (usage === undefined) return;
      foldAt(at);
      const known = book.of(id);
      const run = instance_id ?? session_id;
      // The agent's own sums and those of its CLI are counted apart, for each would take the other's for a new beginning.
      const named = usage.source === undefined ? ownSessionOf(run) : (run ?? unnamedRun);
      const session = known.has(named) || known.size < mostSessions ? named : oneMore;
      const before = known.get(session);
      const facts = { agent_id: id, session, at, audit_seq, usage, generation, seq };
      const after = addReport(before, { ...facts, ...factsOf(id) });
      if (after !== undefined && after !== before) book.change(after);
    },
    position: () => position,
    moveTo(seq) {
      position = Math.max(position, seq);
    },
    rewind(end) {
      position = Math.min(position, end);
      for (const sessions of book.agents())
        for (const session of sessions.values())
          if (session.audit_seq > end) book.change({ ...session, audit_seq: end });
    },
    sessions: book.sessions,
    writeTo: (store) => writeBook(book, store, position),
  };
}
