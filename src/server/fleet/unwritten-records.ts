// Which agents' records the bucket `agents` lacks, or has in an older state.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { isHeartbeatAlone } from "../../domain/fleet/stored-record.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";

/**
 * How long a heartbeat that says nothing new waits for the next writing, for each order in its agent's record: some 500 bytes a
 * second are written so for an agent, and not all its orders every 15 s. After a crash the last sign of life may be that old.
 */
const restMs = { forEachOrder: 1_000, most: 600_000 };

export interface UnwrittenRecords {
  /** Notes a change; `resting` for a heartbeat alone, which waits for the next change, and `new` for an agent that is not stored. */
  note(id: AgentId): "resting" | "new" | "changed";
  /** The changed ones, as from now on written: what fails is given back by {@link giveBack}. */
  take(): AgentId[];
  giveBack(ids: readonly AgentId[]): void;
  /** So many have changed. */
  count(): number;
  /** This state of the record is in the bucket. */
  wrote(id: AgentId, record: AgentRecord): void;
  /** The bucket has the agent, in whatever state. */
  noteStored(id: AgentId): void;
  /** What we wrote last does not stand there any more. */
  noteOverwritten(id: AgentId): void;
  /** Our own state is the bucket's. */
  settle(id: AgentId): void;
  /** The agent was removed. */
  forget(id: AgentId): void;
  /** Nothing waits for the next change any more. */
  wakeAll(): void;
}

export function createUnwrittenRecords(recordOf: (id: AgentId) => AgentRecord | undefined): UnwrittenRecords {
  const dirty = new Set<AgentId>();
  /** The agents whose only unwritten change is a heartbeat. */
  const resting = new Set<AgentId>();
  const stored = new Set<AgentId>();
  const written = new Map<AgentId, { readonly record: AgentRecord; readonly atMs: number }>();

  const isHeldBack = (id: AgentId) => {
    const [last, record] = [written.get(id), recordOf(id)];
    if (last === undefined || record === undefined || dirty.has(id)) return false;
    const waitMs = Math.min(restMs.forEachOrder * record.commands.length, restMs.most);
    return performance.now() - last.atMs < waitMs && isHeartbeatAlone(last.record, record);
  };
  const settle = (id: AgentId) => {
    dirty.delete(id);
    resting.delete(id);
  };
  return {
    note(id) {
      if (isHeldBack(id)) {
        resting.add(id);
        return "resting";
      }
      resting.delete(id);
      dirty.add(id);
      return stored.has(id) ? "changed" : "new";
    },
    take() {
      const ids = [...dirty];
      dirty.clear();
      return ids;
    },
    giveBack(ids) {
      for (const id of ids) dirty.add(id);
    },
    count: () => dirty.size,
    wrote: (id, record) => void written.set(id, { record, atMs: performance.now() }),
    noteStored: (id) => void stored.add(id),
    noteOverwritten: (id) => void written.delete(id),
    settle,
    forget(id) {
      settle(id);
      stored.delete(id);
      written.delete(id);
    },
    wakeAll() {
      for (const id of resting) dirty.add(id);
      resting.clear();
    },
  };
}
