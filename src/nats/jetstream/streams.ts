// This room makes, reads and follows streams, consumers and buckets.
//
// Creates the streams COMMANDS, AUDIT, TRANSCRIPTS and NOTICES. Only serve does, because agents may not create streams.
import { isDeepStrictEqual } from "node:util";
import {
  DiscardPolicy,
  type JetStreamManager,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "nats";
import { layoutMetadata, requireKnownStream } from "../../domain/layout.ts";
import { keptAtMostMs } from "../../domain/receipts.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import {
  agentOrderTopics,
  agentRecordTopics,
  auditRecordSubjects,
  captainBroadcastSubject,
  captainDecisionSubject,
  dashboardAlertSubject,
  everyAgentSubject,
  everyNoticeSubject,
  streams,
} from "../../domain/wire/subjects.ts";
import type { Bus } from "../bus.ts";
import { overElections } from "../elections.ts";
import { type AccountLimit, accountLimitOf, isNotFound, translateNatsError } from "../errors.ts";
import { jetStreamManagerOf } from "../jetstream-manager.ts";

const day = 24 * 60 * 60 * 1000;
/** How long nats-server remembers a message id. It is a day and not a week, because each id takes about 400 bytes of memory. */
const sameIdWindowMs = day;
/** How many consumers agents and readers may have together. nats-server 2.15 allows 1,000 by default. */
const mostConsumers = 100_000;
/** How many orders may wait for one agent on one subject: commands, shutdowns and messages are counted separately. */
export const maxWaitingOrders = 1_000;
const shortestWindowMs = 100;
const mebibyte = 1024 * 1024;

/** How long nats-server remembers the id of an entry of a transcript: longer than a host needs to send it again, or to start again. */
const sameEntryWindowMs = day / 24;
/** How many entries of one agent are kept. */
const maxEntriesOfAgent = 20_000;
/** The largest entry, with its headers. The text of an entry has 16,000 characters. */
const maxEntryBytes = 128 * 1024;

/** How long notices are kept: whoever is told of them may be away for that long. */
const noticesKeptMs = 7 * day;
const maxNotices = 100_000;

/** How much of a stream is kept. Older messages, and beyond the size some of the oldest, are deleted. */
export interface StreamRetention {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

export const defaultAuditRetention: StreamRetention = { maxAgeMs: 30 * day, maxBytes: 1024 * mebibyte };
export const defaultTranscriptRetention: StreamRetention = { maxAgeMs: 14 * day, maxBytes: 512 * mebibyte };

export interface StreamOptions {
  /** The number of copies on a cluster. */
  readonly replicas: number;
  readonly auditRetention?: StreamRetention | undefined;
  readonly transcriptRetention?: StreamRetention | undefined;
  /** Whether the audit also keeps heartbeats. */
  readonly auditHeartbeats?: boolean | undefined;
}

/**
 * Creates the streams, or updates their settings.
 * @throws CliaiError if JetStream is off or refuses; `config_invalid` for more replicas than there are servers
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
  transcriptRetention = defaultTranscriptRetention,
}: StreamOptions): StreamSettings[] {
  return [
    {
      name: streams.commands,
      subjects: agentOrderTopics.map(everyAgentSubject),
      retention: RetentionPolicy.Limits,
      // serve removes taken orders, so this limits the waiting ones. Beyond it, JetStream refuses to store an order.
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
      // AUDIT copies COMMANDS, because two streams cannot have the same subjects.
      sources: [{ name: streams.commands }],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_age: nanos(auditRetention.maxAgeMs),
      max_bytes: auditRetention.maxBytes,
      // No window: agents publish here with any message id, and such an id must not keep out the copy of an order, or a receipt.
      duplicate_window: 0,
      num_replicas: replicas,
    },
    {
      name: streams.transcripts,
      subjects: agentRecordTopics.map(everyAgentSubject),
      retention: RetentionPolicy.Limits,
      // A full stream refuses new entries, so that nobody pushes out what others have written. Before it is full, serve makes room in it
      // (src/server/transcripts/fair-room.ts). Of one agent that has too many entries, the oldest are dropped all the same.
      discard: DiscardPolicy.New,
      max_age: nanos(transcriptRetention.maxAgeMs),
      max_bytes: transcriptRetention.maxBytes,
      max_msgs_per_subject: maxEntriesOfAgent,
      max_msg_size: maxEntryBytes,
      // A window of its own: an id that an agent chooses can keep out neither an order nor a receipt.
      duplicate_window: nanos(Math.min(sameEntryWindowMs, transcriptRetention.maxAgeMs)),
      num_replicas: replicas,
    },
    {
      name: streams.notices,
      subjects: [everyNoticeSubject],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_age: nanos(noticesKeptMs),
      max_msgs: maxNotices,
      num_replicas: replicas,
    },
  ];
}

async function ensureStream(bus: Bus, config: StreamSettings): Promise<void> {
  const whole = { storage: StorageType.File, metadata: layoutMetadata, ...config };
  const ensure = async () => {
    const manager = await jetStreamManagerOf(bus);
    const present = await streamConfig(manager, config.name);
    requireKnownStream(config.name, present?.metadata);
    const made =
      present === undefined
        ? await manager.streams.add(whole)
        : await manager.streams.update(config.name, settingsFor(present, whole));
    // An older nats-server takes 0 for its default of two minutes. Then set the shortest window that it accepts.
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
    const translated = translateNatsError(error, `prepare the stream ${config.name}`);
    const hint = limitHint(config, accountLimitOf(error));
    if (hint === undefined) throw translated;
    throw new CliaiError("store_unavailable", translated.message, { hint, cause: error });
  }
}

/** The setting that says how large each stream may become. A stream with a size reserves it: it counts against the account's storage at once. */
const sizeFlags: ReadonlyMap<string, { readonly flag: string; readonly leastMb: number }> = new Map([
  [streams.audit, { flag: "--audit-max-bytes", leastMb: 64 }],
  [streams.transcripts, { flag: "--transcript-max-bytes", leastMb: 1 }],
]);

function limitHint({ name, max_bytes }: StreamSettings, limit: AccountLimit | undefined): string | undefined {
  if (limit === undefined) return undefined;
  const setting = sizeFlags.get(name);
  if (setting !== undefined && max_bytes !== undefined) {
    const size = Math.round(max_bytes / mebibyte);
    const { flag, leastMb } = setting;
    const reserves = `${name} reserves ${size} MB of the store`;
    if (size <= leastMb) return `${reserves}, which is the least: give the store or the account more`;
    const less = Math.max(leastMb, Math.round(size / 4));
    return `${reserves}: let it reserve less (cliai serve ${flag} ${less}MB), or give the store or the account more`;
  }
  return limit === "size_required"
    ? `only orders that wait are in ${name}, so it reserves nothing: let the account have streams without max_bytes`
    : undefined;
}

/** Raises the number of copies of a stream or bucket to `replicas`, but never lowers it. */
export async function ensureCopies(bus: Bus, stream: string, replicas: number): Promise<void> {
  const ensure = async () => {
    const manager = await jetStreamManagerOf(bus);
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

/** Lets the stream take atomic batches. Returns whether it does: nats-server before 2.12 does not know them. */
export async function allowBatches(bus: Bus, stream: string): Promise<boolean> {
  const allow = async () => {
    const manager = await jetStreamManagerOf(bus);
    const present: BatchStreamConfig | undefined = await streamConfig(manager, stream);
    if (present === undefined || present.allow_atomic === true) return present !== undefined;
    const wanted: BatchStreamConfig = { ...present, allow_atomic: true };
    const updated: BatchStreamConfig = (await manager.streams.update(stream, wanted)).config;
    return updated.allow_atomic === true;
  };
  try {
    return await overElections(bus.connection, allow, { isRepeatable: true });
  } catch (error) {
    throw translateNatsError(error, `allow batches of ${stream}`);
  }
}

/** nats 2.29 does not know this setting, and passes it on. */
type BatchStreamConfig = StreamConfig & { allow_atomic?: boolean };

async function streamConfig(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Keeps the larger number of copies, so that a second serve without --replicas does not remove copies. Keeps the number of
 * consumers, because it cannot be changed after a stream was created. Keeps where the copying of the same sources begins, which a restore
 * has set (snapshot.ts).
 */
function settingsFor(present: StreamConfig, wanted: StreamSettings): StreamSettings {
  return {
    ...wanted,
    num_replicas: Math.max(wanted.num_replicas, present.num_replicas),
    max_consumers: present.max_consumers,
    ...(isDeepStrictEqual(namesOf(present), namesOf(wanted)) ? { sources: present.sources } : {}),
  };
}

function namesOf({ sources = [] }: Pick<StreamSettings, "sources">): string[] {
  return sources.map(({ name }) => name);
}
