// Lists the streams and buckets of a NATS server with what they hold and their limits, for the system page.
import { millis } from "nats";
import { buckets, streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../bus.ts";
import { translateNatsError } from "../errors.ts";
import { jetStreamManagerOf } from "../jetstream-manager.ts";
import { bucketStream } from "./bucket.ts";

export interface StreamState {
  /** The stream's name; of a bucket `KV_` and its name. */
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly consumers: number;
  /** When its oldest message was stored, RFC 3339; absent if it is empty. */
  readonly oldest_at?: string;
  readonly newest_at?: string;
  /** Absent if nothing but the disk limits it. */
  readonly max_bytes?: number;
  readonly max_age_s?: number;
  readonly replicas: number;
}

export interface StoreState {
  readonly bytes: number;
  /** Absent if only the disk limits the store. */
  readonly limit_bytes?: number;
  readonly streams: readonly StreamState[];
}

/** Those of cliai: on a server that somebody else runs there may be others. */
const own: ReadonlySet<string> = new Set([
  ...Object.values(streams),
  ...Object.values(buckets).map(bucketStream),
]);

/** @throws CliaiError if JetStream is off or does not answer */
export async function readStores(bus: Bus): Promise<StoreState> {
  try {
    const manager = await jetStreamManagerOf(bus);
    const { storage, limits } = await manager.getAccountInfo();
    const found: StreamState[] = [];
    for await (const { config, state } of manager.streams.list()) {
      if (!own.has(config.name)) continue;
      const isEmpty = state.messages === 0;
      found.push({
        name: config.name,
        messages: state.messages,
        bytes: state.bytes,
        first_seq: state.first_seq,
        last_seq: state.last_seq,
        consumers: state.consumer_count,
        ...(isEmpty ? {} : { oldest_at: whenOf(state.first_ts), newest_at: whenOf(state.last_ts) }),
        ...(config.max_bytes > 0 ? { max_bytes: config.max_bytes } : {}),
        ...(config.max_age > 0 ? { max_age_s: Math.round(millis(config.max_age) / 1_000) } : {}),
        replicas: config.num_replicas,
      });
    }
    found.sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      bytes: storage,
      ...(limits.max_storage > 0 ? { limit_bytes: limits.max_storage } : {}),
      streams: found,
    };
  } catch (error) {
    throw translateNatsError(error, "read the state of JetStream");
  }
}

/** How far a consumer is behind its stream. */
export interface ConsumerLag {
  readonly stream: string;
  readonly consumer: string;
  /** False for a consumer of one reader that NATS forgets with it, and whose name is chance. */
  readonly is_durable: boolean;
  /** The messages that it has not handed out yet, or that nobody has acknowledged. */
  readonly messages: number;
}

/** The lag of each consumer of cliai's streams and buckets. @throws CliaiError if JetStream does not answer */
export async function readConsumerLags(bus: Bus): Promise<readonly ConsumerLag[]> {
  try {
    const manager = await jetStreamManagerOf(bus);
    const lags: ConsumerLag[] = [];
    for await (const { config, state } of manager.streams.list()) {
      if (!own.has(config.name) || state.consumer_count === 0) continue;
      for await (const { name, config: of, num_pending, num_ack_pending } of manager.consumers.list(
        config.name,
      )) {
        const is_durable = of.durable_name !== undefined && of.durable_name !== "";
        lags.push({
          ...{ stream: config.name, consumer: name, is_durable },
          messages: num_pending + num_ack_pending,
        });
      }
    }
    return lags;
  } catch (error) {
    throw translateNatsError(error, "list the consumers of JetStream");
  }
}

/** nats-server writes nanoseconds, which some readers of RFC 3339 do not know. */
function whenOf(text: string): string {
  return new Date(text).toISOString();
}
