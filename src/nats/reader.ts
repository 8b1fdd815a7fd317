// Creates a consumer for one reader of a stream: without acknowledgements, in memory, and removed soon after the reader has gone.
import { AckPolicy, DeliverPolicy, nanos, ReplayPolicy } from "nats";
import type { Bus } from "./bus.ts";
import type { SubjectFilter } from "./jetstream/older-servers.ts";
import { answerWithinMs } from "./jetstream/pull.ts";

/** After this time, nats-server removes a consumer that nobody reads any more. */
const forgottenAfterMs = 60_000;

export type ReaderStart =
  | { readonly from: number }
  | { readonly sinceMs: number }
  | { readonly isNew: true }
  | { readonly isLastOfEach: true }
  /** All messages without their payloads; the header `Nats-Msg-Size` says how large each is. */
  | { readonly isSizesOnly: true };

export interface Reader {
  readonly place: { readonly stream: string; readonly consumer: string };
  /** The number of messages that the reader will get as the stream is now. */
  readonly pending: number;
  /** The sequence before the first message that it delivers. */
  readonly deliveredTo: number;
  remove(): Promise<void>;
}

export async function openReader(
  bus: Bus,
  stream: string,
  filter: SubjectFilter,
  start: ReaderStart,
): Promise<Reader> {
  const manager = await bus.connection.jetstream({ timeout: answerWithinMs }).jetstreamManager(false);
  // Not nats 2.29's ordered consumers, because after a try that failed during an election they wait for 30 s.
  const { name, num_pending, delivered } = await manager.consumers.add(stream, {
    name: `follow-${crypto.randomUUID()}`,
    ...filter.consumer,
    ...startPolicy(start),
    replay_policy: ReplayPolicy.Instant,
    ack_policy: AckPolicy.None,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(forgottenAfterMs),
  });
  return {
    place: { stream, consumer: name },
    pending: num_pending,
    deliveredTo: delivered.stream_seq,
    remove: async () => {
      await manager.consumers.delete(stream, name);
    },
  };
}

function startPolicy(start: ReaderStart) {
  if ("isNew" in start) return { deliver_policy: DeliverPolicy.New };
  if ("isLastOfEach" in start) return { deliver_policy: DeliverPolicy.LastPerSubject, headers_only: true };
  if ("isSizesOnly" in start) return { deliver_policy: DeliverPolicy.All, headers_only: true };
  if ("from" in start)
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, start.from) };
  const opt_start_time = new Date(start.sinceMs).toISOString();
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time };
}
