// This room makes, reads and follows streams, consumers and buckets.
//
// Creates the streams and consumers of contract §4. Only the server does: agents have no right to create any.
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "nats";
import { layoutMetadata, requireKnownStream } from "../../domain/layout.ts";
import { keptAtMostMs } from "../../domain/receipts.ts";
import type { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import {
  agentOrderTopics,
  auditRecordSubjects,
  captainBroadcastSubject,
  captainDecisionSubject,
  dashboardAlertSubject,
  everyAgentSubject,
  everySubjectOf,
  streams,
} from "../../domain/wire/subjects.ts";
import type { Bus } from "../bus.ts";
import { overElections } from "../elections.ts";
import { isGone, isNotFound, translateNatsError } from "../errors.ts";
import { bridgeConsumers } from "./older-servers.ts";

const day = 24 * 60 * 60 * 1000;
/** How long an unacknowledged command waits before it is delivered again. */
const ackWaitMs = 30_000;
/** How long nats-server knows an id. Each takes some 400 bytes of its memory, so this is a day and not a week. */
const sameIdWindowMs = day;
/** Consumers of agents and readers together. nats-server 2.15 allows 1,000 unless the stream says otherwise. */
const mostConsumers = 100_000;
/** Commands, and messages, that may wait for one agent. */
export const maxWaitingOrders = 1_000;
const removedAtOnce = 100;
const shortestWindowMs = 100;
const mebibyte = 1024 * 1024;

/** How much of the audit is kept; what is older or beyond goes first. */
export interface AuditRetention {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

export const defaultAuditRetention: AuditRetention = { maxAgeMs: 30 * day, maxBytes: 1024 * mebibyte };

export interface StreamOptions {
  /** Copies on a cluster. */
  readonly replicas: number;
  readonly auditRetention?: AuditRetention | undefined;
  /** Whether the audit keeps heartbeats as well. */
  readonly auditHeartbeats?: boolean | undefined;
}

/**
 * Makes COMMANDS and AUDIT, or brings their settings up to date.
 * @throws CliaiError when JetStream is off or refuses; `config_invalid` for more replicas than there are servers
 */
export async function ensureStreams(bus: Bus, options: StreamOptions): Promise<void> {
  for (const config of streamConfigs(options)) await ensureStream(bus, config);
}

type StreamSettings = Parameters<JetStreamManager["streams"]["add"]>[0] & {
  readonly name: string;
  readonly num_replicas: number;
};

function streamConfigs({
  replicas,
  auditRetention = defaultAuditRetention,
  auditHeartbeats = false,
}: StreamOptions): StreamSettings[] {
  return [
    {
      name: streams.commands,
      subjects: agentOrderTopics.map(everyAgentSubject),
      retention: RetentionPolicy.Limits,
      // The server removes taken orders, so this bounds the waiting ones. JetStream refuses a sender beyond it.
      max_msgs_per_subject: maxWaitingOrders,
      discard: DiscardPolicy.New,
      discard_new_per_subject: true,
      max_consumers: mostConsumers,
      max_age: nanos(keptAtMostMs),
      duplicate_window: nanos(sameIdWindowMs),
      num_replicas: replicas,
    },
    {
      name: streams.audit,
      subjects: [
        everyAgentSubject("status"),
        everyAgentSubject("event"),
        everyAgentSubject("receipt"),
        ...(auditHeartbeats ? [everyAgentSubject("heartbeat")] : []),
        captainBroadcastSubject,
        captainDecisionSubject,
        dashboardAlertSubject,
        auditRecordSubjects,
      ],
      // Commands are another stream's subjects; two streams may not cover the same one.
      sources: [{ name: streams.commands }],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_age: nanos(auditRetention.maxAgeMs),
      max_bytes: auditRetention.maxBytes,
      // No window: agents publish here with ids of their choice, and none of these may keep out the copy of an order, or a receipt.
      duplicate_window: 0,
      num_replicas: replicas,
    },
  ];
}

async function ensureStream(bus: Bus, config: StreamSettings): Promise<void> {
  const whole = { storage: StorageType.File, metadata: layoutMetadata, ...config };
  const ensure = async () => {
    const manager = await bus.connection.jetstreamManager();
    const present = await streamConfig(manager, config.name);
    requireKnownStream(config.name, present?.metadata);
    const made =
      present === undefined
        ? await manager.streams.add(whole)
        : await manager.streams.update(config.name, settingsFor(present, whole));
    // An older nats-server reads 0 as its default of two minutes; this is the shortest window that it accepts.
    if (config.duplicate_window === 0 && made.config.duplicate_window > 0) {
      await manager.streams.update(config.name, {
        ...made.config,
        duplicate_window: nanos(shortestWindowMs),
      });
    }
  };
  try {
    await overElections(bus.connection, ensure, { isRepeatable: true });
  } catch (error) {
    throw translateNatsError(error, `prepare the stream ${config.name}`);
  }
}

/** Raises the number of copies of a stream or bucket to the number asked for; never lowers it. */
export async function ensureCopies(bus: Bus, stream: string, replicas: number): Promise<void> {
  const ensure = async () => {
    const manager = await bus.connection.jetstreamManager();
    const present = await streamConfig(manager, stream);
    if (present !== undefined && present.num_replicas < replicas)
      await manager.streams.update(stream, { ...present, num_replicas: replicas });
  };
  try {
    await overElections(bus.connection, ensure, { isRepeatable: true });
  } catch (error) {
    throw translateNatsError(error, `make copies of ${stream}`);
  }
}

async function streamConfig(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * A second server that was started without --replicas must not take the copies away. How many consumers a stream may have
 * is settled when it is made.
 */
function settingsFor(present: StreamConfig, wanted: StreamSettings): StreamSettings {
  return {
    ...wanted,
    num_replicas: Math.max(wanted.num_replicas, present.num_replicas),
    max_consumers: present.max_consumers,
  };
}

/** Creates an agent's durable consumer; one that exists stays unchanged. */
export async function ensureBridgeConsumer(bus: Bus, id: AgentId): Promise<void> {
  for (const { name, subjects } of bridgeConsumers(bus, id)) {
    const [only, ...more] = subjects;
    const ensure = async () => {
      const manager = await bus.connection.jetstreamManager();
      await manager.consumers.add(streams.commands, {
        durable_name: name,
        ...(more.length === 0 && only !== undefined
          ? { filter_subject: only }
          : { filter_subjects: [...subjects] }),
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ackWaitMs),
        deliver_policy: DeliverPolicy.All,
        max_ack_pending: 1_000,
      });
    };
    try {
      await overElections(bus.connection, ensure, { isRepeatable: true });
    } catch (error) {
      throw translateNatsError(error, `make the consumer ${name}`);
    }
  }
}

/**
 * Removes what an agent's bridge works from, where it waits for acknowledgements; made again, it gives out anew all that the stream
 * has for the agent. Whether it did. A bridge that is there goes on with the new one by itself.
 */
export async function dropUnacknowledged(bus: Bus, id: AgentId): Promise<boolean> {
  let isDropped = false;
  try {
    const manager = await bus.connection.jetstreamManager();
    for (const { name } of bridgeConsumers(bus, id)) {
      const { num_ack_pending } = await manager.consumers.info(streams.commands, name);
      if (num_ack_pending === 0) continue;
      await manager.consumers.delete(streams.commands, name);
      isDropped = true;
    }
  } catch (error) {
    // If it does not exist, whoever notices that creates it.
    if (!isNotFound(error)) throw translateNatsError(error, `look at the queue of ${id}`);
  }
  return isDropped;
}

/** Removes an agent's durable consumer, and all orders that still wait for the agent. */
export async function removeBridge(bus: Bus, id: AgentId): Promise<void> {
  try {
    const manager = await bus.connection.jetstreamManager();
    for (const { name } of bridgeConsumers(bus, id)) {
      await manager.consumers.delete(streams.commands, name).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    await manager.streams.purge(streams.commands, { filter: everySubjectOf(id) });
  } catch (error) {
    throw translateNatsError(error, `remove the queue of ${id}`);
  }
}

/** The names of a stream's consumers. */
export async function consumerNames(bus: Bus, stream: string): Promise<ReadonlySet<string>> {
  try {
    const manager = await bus.connection.jetstreamManager();
    const names = new Set<string>();
    for await (const { name } of manager.consumers.list(stream)) names.add(name);
    return names;
  } catch (error) {
    throw translateNatsError(error, `list the consumers of ${stream}`);
  }
}

/** Removes consumers whose position is beyond the stream's end, as after damage: they would skip the next messages. */
export async function removeConsumersBeyond(bus: Bus, stream: string, lastSeq: number): Promise<void> {
  try {
    const manager = await bus.connection.jetstreamManager();
    const beyond: string[] = [];
    for await (const { name, delivered } of manager.consumers.list(stream)) {
      if (delivered.stream_seq > lastSeq) beyond.push(name);
    }
    // After the list is read: it comes in pages, and what is removed meanwhile would shift the next page past some of them.
    for (const name of beyond) await manager.consumers.delete(stream, name);
  } catch (error) {
    throw translateNatsError(error, `reset the consumers of ${stream}`);
  }
}

/** The payload of one message of a stream; undefined when retention has removed it. */
export async function readStreamMessage(
  bus: Bus,
  stream: string,
  seq: number,
): Promise<Uint8Array | undefined> {
  try {
    const manager = await bus.connection.jetstreamManager();
    return (await manager.streams.getMessage(stream, { seq })).data;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw translateNatsError(error, `read message ${seq} of ${stream}`);
  }
}

export interface Removal {
  /** Those that are in the stream no more. */
  readonly gone: ReadonlySet<number>;
  /** Why the others are not removed, when not all are gone. */
  readonly failure?: CliaiError;
}

/**
 * Removes messages from a stream, a hundred at a time, up to the first that fails; one that is gone already is removed.
 * If 10,000 requests wait, nats-server 2.15 drops all of them.
 */
export async function removeMessages(bus: Bus, stream: string, seqs: readonly number[]): Promise<Removal> {
  const gone = new Set<number>();
  let failure: CliaiError | undefined;
  const fail = (error: unknown) => {
    failure ??= translateNatsError(error, `remove messages from ${stream}`);
  };
  try {
    const { streams: api } = await bus.connection.jetstreamManager();
    const waiting = seqs.values();
    const removeNext = async () => {
      for (const seq of waiting) {
        try {
          await api.deleteMessage(stream, seq, false);
        } catch (error) {
          if (!isGone(error)) return fail(error);
        }
        gone.add(seq);
        if (failure !== undefined) return;
      }
    };
    await Promise.all(Array.from({ length: removedAtOnce }, removeNext));
  } catch (error) {
    fail(error);
  }
  return { gone, ...(failure === undefined ? {} : { failure }) };
}

/**
 * How far a stream that sources `from` has copied it, by the last copies that it holds on these subjects; 0 when it holds none.
 * The `lag` of nats-server 2.15 cannot be used: it was 0 with 25,000 messages still to copy.
 */
export async function copiedTo(
  bus: Bus,
  stream: string,
  from: string,
  subjects: readonly string[],
): Promise<number> {
  try {
    const manager = await bus.connection.jetstreamManager();
    const seqs = subjects.map(async (subject) => {
      const message = await manager.streams
        .getMessage(stream, { last_by_subj: subject })
        .catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      const [name, seq] = message?.header.get("Nats-Stream-Source").split(" ") ?? [];
      return name === from ? Number(seq) : 0;
    });
    return Math.max(...(await Promise.all(seqs)));
  } catch (error) {
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}

/** How many messages wait on each subject of a stream. */
export async function subjectCounts(bus: Bus, stream: string): Promise<ReadonlyMap<string, number>> {
  try {
    const manager = await bus.connection.jetstreamManager();
    const { state } = await manager.streams.info(stream, { subjects_filter: ">" });
    return new Map(Object.entries(state.subjects ?? {}));
  } catch (error) {
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}

/** The sequence of the last message; 0 for an empty stream. */
export async function lastSequence(bus: Bus, stream: string): Promise<number> {
  try {
    const manager = await bus.connection.jetstreamManager();
    return (await manager.streams.info(stream)).state.last_seq;
  } catch (error) {
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}
