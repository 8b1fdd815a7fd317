// What each session has spent, in memory, and what of it the store does not have yet.
import {
  dayOf,
  foldOld,
  oldAfterMs,
  oneMore,
  ownSessionOf,
  unnamedRun,
} from "../../domain/spending/old-sessions.ts";
import { withoutDoubled } from "../../domain/spending/own-figures.ts";
import { addReport, type SessionSpending } from "../../domain/spending/session-spending.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { AgentEvent } from "../../domain/wire/event-messages.ts";
import type { SpendingStore } from "./spending-store.ts";

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
    writeTo: (store) => book.writeTo(store, position),
  };
}

/** The sessions by agent and name, and what of them is not stored yet. */
function createBook() {
  const byAgent = new Map<string, Map<string, SessionSpending>>();
  const changed = new Set<SessionSpending>();
  /** Sessions that may still be stored, although others include their sums. */
  let gone: readonly SessionSpending[] = [];
  let list: readonly SessionSpending[] | undefined;
  /** What of each agent's sessions counts. */
  const counted = new Map<string, readonly SessionSpending[]>();
  const ofAgent = (id: string) => {
    const known = byAgent.get(id) ?? new Map<string, SessionSpending>();
    byAgent.set(id, known);
    return known;
  };
  const recount = (id: string) => {
    counted.delete(id);
    list = undefined;
  };
  const put = (session: SessionSpending) => {
    ofAgent(session.agent_id).set(session.session, session);
    recount(session.agent_id);
  };
  const change = (session: SessionSpending) => {
    const before = ofAgent(session.agent_id).get(session.session);
    if (before !== undefined) changed.delete(before);
    changed.add(session);
    put(session);
  };
  /** Call it when the sessions that include these are stored. */
  const erase = async (store: SpendingStore, erased: readonly SessionSpending[]) => {
    if (erased.length === 0) return;
    await store.erase(erased);
    gone = gone.filter((session) => !erased.includes(session));
    for (const [id, sessions] of byAgent) {
      const still = new Set(gone.filter(({ agent_id }) => agent_id === id).map(({ session }) => session));
      for (const session of sessions.values()) {
        const includes = session.includes?.filter((name) => still.has(name));
        if (includes !== undefined && includes.length < (session.includes?.length ?? 0))
          change({ ...session, includes });
      }
    }
  };
  return {
    agents: () => byAgent.values(),
    of: (id: string): ReadonlyMap<string, SessionSpending> => ofAgent(id),
    put,
    change,
    /** Another session includes its sums. */
    drop(session: SessionSpending) {
      ofAgent(session.agent_id).delete(session.session);
      changed.delete(session);
      recount(session.agent_id);
      gone = [...gone, session];
    },
    sessions(): readonly SessionSpending[] {
      list ??= [...byAgent].flatMap(([id, sessions]) => {
        const own = counted.get(id) ?? withoutDoubled([...sessions.values()]);
        counted.set(id, own);
        return own;
      });
      return list;
    },
    async writeTo(store: SpendingStore, upTo: number) {
      const [writing, included] = [[...changed], gone];
      const newer = await store.write(writing, upTo);
      for (const session of writing) changed.delete(session);
      for (const session of newer) {
        const own = ofAgent(session.agent_id).get(session.session);
        if (own === undefined || own.audit_seq < session.audit_seq) put(session);
      }
      await erase(store, included);
    },
  };
}
