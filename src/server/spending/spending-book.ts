// The sessions by agent and name, in memory, and what of them is not stored yet.
import { withoutDoubled } from "../../domain/spending/own-figures.ts";
import type { SessionSpending } from "../../domain/spending/session-spending.ts";

export interface SpendingBook {
  /** The sessions of each agent, by their names. */
  agents(): Iterable<ReadonlyMap<string, SessionSpending>>;
  of(id: string): ReadonlyMap<string, SessionSpending>;
  /** What counts of all sessions. */
  sessions(): readonly SessionSpending[];
  /** Takes a session that is stored. */
  put(session: SessionSpending): void;
  /** Takes a session that is not stored yet. */
  change(session: SessionSpending): void;
  /** Takes a session out, because another one includes its sums. */
  drop(session: SessionSpending): void;
  /** What is not stored yet. */
  changed(): readonly SessionSpending[];
  /** It is stored, or another serve has stored a newer one. */
  noteWritten(session: SessionSpending): void;
  /** Sessions that may still be stored, although others include their sums. */
  gone(): readonly SessionSpending[];
  /** They are not stored any more. */
  noteErased(sessions: readonly SessionSpending[]): void;
}

export function createBook(): SpendingBook {
  const byAgent = new Map<string, Map<string, SessionSpending>>();
  const changed = new Set<SessionSpending>();
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
  return {
    agents: () => byAgent.values(),
    of: ofAgent,
    put,
    change,
    drop(session) {
      ofAgent(session.agent_id).delete(session.session);
      changed.delete(session);
      recount(session.agent_id);
      gone = [...gone, session];
    },
    sessions() {
      list ??= [...byAgent].flatMap(([id, sessions]) => {
        const own = counted.get(id) ?? withoutDoubled([...sessions.values()]);
        counted.set(id, own);
        return own;
      });
      return list;
    },
    changed: () => [...changed],
    noteWritten: (session) => void changed.delete(session),
    gone: () => gone,
    noteErased(erased) {
      if (erased.length === 0) return;
      gone = gone.filter((session) => !erased.includes(session));
      for (const [id, sessions] of byAgent) {
        const still = new Set(gone.filter(({ agent_id }) => agent_id === id).map(({ session }) => session));
        for (const session of sessions.values()) {
          const includes = session.includes?.filter((name) => still.has(name));
          if (includes !== undefined && includes.length < (session.includes?.length ?? 0))
            change({ ...session, includes });
        }
      }
    },
  };
}
