// Removes from stream COMMANDS what was taken: the stream then holds what waits, and its bound counts that alone.
// Only once AUDIT has its copy; the history is there. Of several serves the leader sweeps.
import type { AgentId } from "../domain/agent-id.ts";
import type { AgentRecord } from "../domain/agent-record.ts";
import { messageOf } from "../domain/errors.ts";
import { isSettled, isTaken } from "../domain/receipts.ts";
import { agentOrderTopics, agentSubject, streams } from "../domain/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { removeMessages, sourceLag, subjectCounts } from "../nats/streams.ts";
import type { FleetState } from "./fleet-state.ts";
import type { Lease } from "./lease.ts";

const sweepEveryMs = 1_000;

/**
 * Returns the way to end it.
 * @param due the sequences to remove; others may add to it what nobody can use
 */
export function sweepTakenCommands(
  bus: Bus,
  fleet: FleetState,
  lease: Lease,
  due: Set<number>,
  log: Logger,
): () => void {
  /** What this run has removed; a settled command stays in its record for a while. */
  const removed = new Set<number>();
  const note = (record: AgentRecord | undefined) => {
    for (const command of record?.commands ?? []) {
      const { stream_seq } = command;
      if (stream_seq > 0 && (isTaken(command) || isSettled(command)) && !removed.has(stream_seq))
        due.add(stream_seq);
    }
  };
  const sweep = async () => {
    if (due.size === 0 || !bus.isConnected() || !lease.isLeader()) return;
    const seqs = [...due];
    try {
      if ((await sourceLag(bus, streams.audit, streams.commands)) > 0) return;
      await removeMessages(bus, streams.commands, seqs);
      for (const seq of seqs) {
        due.delete(seq);
        removed.add(seq);
      }
    } catch (error) {
      log.debug(`taken commands are not removed yet: ${messageOf(error)}`);
    }
  };
  let sweeping = false;
  const timer = setInterval(async () => {
    if (sweeping) return;
    sweeping = true;
    await sweep();
    sweeping = false;
  }, sweepEveryMs);
  const lookForLeftovers = () => {
    noteLeftovers(bus, fleet, note).catch((error: unknown) =>
      log.debug(`stream COMMANDS: ${messageOf(error)}`),
    );
  };
  const endings = [
    fleet.onChange(({ ids }) => {
      if (lease.isLeader()) for (const id of ids) note(fleet.record(id));
    }),
    lease.onChange((isLeader) => {
      if (isLeader) lookForLeftovers();
      else due.clear();
    }),
  ];
  if (lease.isLeader()) lookForLeftovers();
  return () => {
    for (const end of endings) end();
    clearInterval(timer);
  };
}

/** What a leader that was killed had no time to remove: only agents with more in the stream than waits for them are looked at. */
async function noteLeftovers(
  bus: Bus,
  fleet: FleetState,
  note: (record: AgentRecord | undefined) => void,
): Promise<void> {
  const counts = await subjectCounts(bus, streams.commands);
  const inStream = (id: AgentId) =>
    agentOrderTopics.reduce((sum, topic) => sum + (counts.get(agentSubject(id, topic)) ?? 0), 0);
  for (const { agent_id } of fleet.list()) {
    const record = fleet.record(agent_id);
    const waiting =
      record?.commands.filter((command) => !isTaken(command) && !isSettled(command)).length ?? 0;
    if (inStream(agent_id) > waiting) note(record);
  }
}
