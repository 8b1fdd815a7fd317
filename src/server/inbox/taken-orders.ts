// Removes from the stream COMMANDS the orders that are over, and those that cannot be decoded, so that the stream's limit counts only
// waiting orders. It removes an order only when AUDIT has its copy, and the agent's record in the bucket has the order. Otherwise
// a serve that is killed in between could leave an agent paused by an order that no later serve knows. Only the leader does it.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { type CommandRecord, isToBeKept } from "../../domain/receipts.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeOrder } from "../../domain/wire/decode-order.ts";
import {
  agentOrderTopics,
  everyAgentSubject,
  parseAgentSubject,
  streams,
} from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";
import { readStream } from "../../nats/jetstream/read-stream.ts";
import { copiedTo, removeMessages, subjectCounts } from "../../nats/jetstream/stream-messages.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { FleetStore } from "../fleet/fleet-store.ts";
import type { ReadPosition } from "../fleet/read-position.ts";
import type { Lease } from "../lease.ts";

const removeEveryMs = 1_000;
const mostRemovedAtOnce = 1_000;
const orderSubjects = agentOrderTopics.map(everyAgentSubject);

export interface TakenOrdersRemoval {
  /** Removes an order that cannot be decoded, by its sequence. */
  discard(seq: number): void;
  stop(): void;
}

export interface TakenOrdersRemovalOptions {
  readonly bus: Bus;
  readonly fleet: FleetState;
  readonly lease: Pick<Lease, "isLeader" | "onChange">;
  /** How far the orders have been read; called when this serve leads. */
  readonly cursor: ReadPosition["cursor"];
  /** Whether the agent's record in the bucket includes the order. */
  readonly isStored: FleetStore["hasOrder"];
  readonly log: Logger;
}

export function startTakenOrdersRemoval({
  bus,
  fleet,
  lease,
  cursor,
  isStored,
  log,
}: TakenOrdersRemovalOptions): TakenOrdersRemoval {
  /** The sequences to remove, with the agent whose record has the order; undefined if the order cannot be decoded, and no record has it. */
  const due = new Map<number, AgentId | undefined>();
  /** The sequences that were due already, for each agent: an order that is over stays in the record for a while. */
  const noted = new Map<AgentId, ReadonlySet<number>>();
  let isToScan = false;

  const note = (id: AgentId) => {
    const record = fleet.record(id);
    if (record === undefined) {
      noted.delete(id);
      return;
    }
    const before = noted.get(id);
    const over = seqsOf(record, isOver);
    for (const seq of over) if (before?.has(seq) !== true) due.set(seq, id);
    noted.set(id, over);
  };
  /** This serve leads now. A scan of the stream finds the orders that the leader before had no time to remove. */
  const lead = () => {
    isToScan = true;
    for (const record of fleet.records()) noted.set(record.agent_id, seqsOf(record, isOver));
  };
  const scan = async () => {
    isToScan = false;
    try {
      for await (const { seq, id } of findLeftovers(bus, fleet, () => cursor().commands_seq))
        due.set(seq, id);
    } catch (error) {
      isToScan = true;
      throw error;
    }
  };
  /** Removes up to `mostRemovedAtOnce` orders. Resolves with whether there are more. */
  const removeDue = async (): Promise<boolean> => {
    if (!bus.isConnected() || !lease.isLeader()) return false;
    if (isToScan) await scan();
    if (due.size === 0) return false;
    const copied = await copiedTo(bus, streams.audit, streams.commands, orderSubjects);
    const isKept = ([seq, id]: [number, AgentId | undefined]) =>
      seq > copied || (id !== undefined && fleet.record(id) !== undefined && !isStored(id, seq));
    const seqs = [
      ...due
        .entries()
        .filter((each) => !isKept(each))
        .take(mostRemovedAtOnce),
    ].map(([seq]) => seq);
    const { gone, failure } = await removeMessages(bus, streams.commands, seqs);
    for (const seq of gone) due.delete(seq);
    if (failure !== undefined) throw failure;
    return seqs.length === mostRemovedAtOnce;
  };
  let isRemoving = false;
  const timer = setInterval(async () => {
    if (isRemoving) return;
    isRemoving = true;
    try {
      while (await removeDue());
    } catch (error) {
      log.debug(`orders that are over are not removed yet: ${messageOf(error)}`);
    }
    isRemoving = false;
  }, removeEveryMs);
  const endings = [
    fleet.onChange(({ ids }) => {
      if (lease.isLeader()) for (const id of ids) note(id);
    }),
    lease.onChange((isLeader) => {
      if (isLeader) return lead();
      due.clear();
      noted.clear();
    }),
  ];
  if (lease.isLeader()) lead();
  return {
    discard(seq) {
      if (lease.isLeader()) due.set(seq, undefined);
    },
    stop() {
      for (const end of endings) end();
      clearInterval(timer);
    },
  };
}

/** Yields the orders that were read and need not be kept, as `due` has them. Reads the stream only if it has more messages than must be kept. */
async function* findLeftovers(
  bus: Bus,
  fleet: FleetState,
  readTo: () => number,
): AsyncGenerator<{ seq: number; id: AgentId | undefined }> {
  const known = new WeakMap<AgentRecord, ReadonlySet<number>>();
  const keptFor = (record: AgentRecord) => {
    const kept = known.get(record) ?? seqsOf(record, isToBeKept);
    known.set(record, kept);
    return kept;
  };
  /** Whether the message may be removed, by the record as it is now, which includes what came meanwhile. */
  const isLeftover = ({ seq }: StreamMessage, id: AgentId | undefined) => {
    const record = id === undefined ? undefined : fleet.record(id);
    // The record cannot judge an order that it does not include, such as one for an unknown agent.
    return record !== undefined && seq <= record.commands_seq && !keptFor(record).has(seq);
  };

  const counts = await subjectCounts(bus, streams.commands);
  const inStream = sum(counts.values());
  if (inStream <= sum(fleet.records().map((record) => keptFor(record).size))) return;
  for await (const message of readStream(bus, { stream: streams.commands })) {
    if (message.seq > readTo()) return;
    const { seq } = message;
    const id = parseAgentSubject(message.subject)?.id;
    if (!isUsable(message)) yield { seq, id: undefined };
    else if (isLeftover(message, id)) yield { seq, id };
  }
}

function sum(numbers: IteratorObject<number>): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function isUsable(message: StreamMessage): boolean {
  try {
    decodeOrder(message);
    return true;
  } catch {
    return false; // the projector has reported it when it read the message
  }
}

function isOver(command: CommandRecord): boolean {
  return !isToBeKept(command);
}

function seqsOf({ commands }: AgentRecord, which: (command: CommandRecord) => boolean): ReadonlySet<number> {
  return new Set(
    commands.filter((each) => each.stream_seq > 0 && which(each)).map((each) => each.stream_seq),
  );
}
