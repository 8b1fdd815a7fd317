// Keeps which agents' records the bucket `agents` does not have, or has in an older state.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { isHeartbeatAlone } from "../../domain/fleet/stored-record.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";

/**
 * How long a heartbeat that says nothing new waits before it is written: 1 s for each order in its agent's record, at most 10 minutes. All
 * orders of the record are written with it, so this limits the writing to about 500 bytes a second for an agent. After a crash, the agent's
 * last known sign of life may be that old.
 */
const restMs = { forEachOrder: 1_000, most: 600_000 };

export interface UnwrittenRecords {
  /** Notes a change. Returns `resting` for a mere heartbeat, which waits for the next change; `new` for an agent that is not stored yet. */
  note(id: AgentId): "resting" | "new" | "changed";
  /** Returns the changed agents, and counts them as written. Call {@link giveBack} for those that could not be written. */
  take(): AgentId[];
  /** Marks the agents as changed again. */
  giveBack(ids: readonly AgentId[]): void;
  /** How many agents have changed. */
  count(): number;
  /** This state of the record is in the bucket now. */
  wrote(id: AgentId, record: AgentRecord): void;
  /** The bucket has this state of the record. Any serve may have written it. */
  noteStored(record: AgentRecord): void;
  /** Whether the agent's record in the bucket includes its orders up to this sequence of COMMANDS. */
  hasOrder(id: AgentId, seq: number): boolean;
  /** The bucket no longer has the state that we wrote last. */
  noteOverwritten(id: AgentId): void;
  /** Our own record is now the same as this record in the bucket. */
  settle(stored: AgentRecord): void;
  /** The agent was removed. */
  forget(id: AgentId): void;
  /** Marks the agents that only have a heartbeat to write as changed too. */
  wakeAll(): void;
}

export function createUnwrittenRecords(recordOf: (id: AgentId) => AgentRecord | undefined): UnwrittenRecords {
  const dirty = new Set<AgentId>();
  /** The agents whose only unwritten change is a heartbeat. */
  const resting = new Set<AgentId>();
  /** `commands_seq` of the record in the bucket. */
  const stored = new Map<AgentId, number>();
  const written = new Map<AgentId, { readonly record: AgentRecord; readonly atMs: number }>();

  const isHeldBack = (id: AgentId) => {
    const [last, record] = [written.get(id), recordOf(id)];
    if (last === undefined || record === undefined || dirty.has(id)) return false;
    const waitMs = Math.min(restMs.forEachOrder * record.commands.length, restMs.most);
    return performance.now() - last.atMs < waitMs && isHeartbeatAlone(last.record, record);
  };
  const noteUnchanged = (id: AgentId) => {
    dirty.delete(id);
    resting.delete(id);
  };
  const noteStored = ({ agent_id, commands_seq }: AgentRecord) => void stored.set(agent_id, commands_seq);
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
    wrote(id, record) {
      noteStored(record);
      written.set(id, { record, atMs: performance.now() });
    },
    noteStored,
    hasOrder: (id, seq) => (stored.get(id) ?? 0) >= seq,
    noteOverwritten: (id) => void written.delete(id),
    settle(record) {
      noteUnchanged(record.agent_id);
      noteStored(record);
    },
    forget(id) {
      noteUnchanged(id);
      stored.delete(id);
      written.delete(id);
    },
    wakeAll() {
      for (const id of resting) dirty.add(id);
      resting.clear();
    },
  };
}
