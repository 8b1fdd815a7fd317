// Reads streams: `followStream` for a reader of its own (projection, feeds), `consumeOrders` for a bridge's durable consumer.
// Both begin again by themselves when the connection returns, and when the server of a cluster that held the consumer falls
// silent. The consumers of nats 2.29 do too, but after a failed look-up they wait for a whole pull: here a fresh one is made
// at once, from where the last one stood.
import {
  AckPolicy,
  ConsumerEvents,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  nanos,
  ReplayPolicy,
} from "nats";
import type { AgentId } from "../domain/agent-id.ts";
import { streams } from "../domain/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "./bus.ts";
import { isClustered } from "./elections.ts";
import { bridgeConsumers, subjectFilter } from "./older-servers.ts";

const retryMs = 250;
/** For one answer of JetStream; a stream that has just lost its leader gives none. */
const answerWithinMs = 2_000;
/** Two missed heartbeats end a consumption. In a cluster the connection lives on when the consumer's server dies. */
const clusterPull = { expires: 5_000, idle_heartbeat: 1_000 };
const otherPull = { expires: 30_000, idle_heartbeat: 5_000 };
/** A follower's consumer that nobody reads any more is removed by the server. */
const forgottenAfterMs = 60_000;

export interface StreamMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
  /** When the stream stored it, RFC 3339 in UTC. */
  readonly at: string;
  /** Of a bucket's stream: the key was removed. By its mark alone: an empty value may be anybody's. */
  readonly removesKey?: true;
}

export interface Following {
  /** Resolves when all that was in the stream at the start has been given out. */
  readonly caughtUp: Promise<void>;
  stop(): Promise<void>;
}

export interface FollowOptions {
  readonly stream: string;
  /** Only these subjects; all when left out. */
  readonly subjects?: readonly string[];
  /** The first sequence to give out; `new` for what comes from now on. */
  readonly from: number | "new";
  readonly log: Logger;
  readonly onMessage: (message: StreamMessage) => void;
}

/** Gives out each message of a stream once and in order, without acknowledgements, for as long as it is followed. */
export function followStream(bus: Bus, options: FollowOptions): Following {
  const caughtUp = Promise.withResolvers<void>();
  let next = options.from;
  const loop = keepConsuming(bus, options.log, `stream ${options.stream}`, async () => {
    const jetstream = bus.connection.jetstream({ timeout: answerWithinMs });
    const filter = subjectFilter(bus, options.subjects);
    const manager = await jetstream.jetstreamManager(false);
    // The ordered consumers of nats 2.29 wait 30 s after an attempt that an election in the cluster has failed.
    const { name, num_pending, delivered } = await manager.consumers.add(options.stream, {
      name: `follow-${crypto.randomUUID()}`,
      ...filter.consumer,
      ...(next === "new"
        ? { deliver_policy: DeliverPolicy.New }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, next) }),
      replay_policy: ReplayPolicy.Instant,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(forgottenAfterMs),
    });
    if (next === "new") next = delivered.stream_seq + 1;
    if (num_pending === 0) caughtUp.resolve();
    const consumer = await jetstream.consumers.get(options.stream, name);
    const messages = await consumer.consume({ max_messages: 1_000, ...pullFor(bus) });
    let given = 0;
    return {
      messages,
      onMessage: (message) => {
        given += 1;
        // One was lost on its way: from there it is read again.
        if (message.info.deliverySequence !== given) {
          messages.stop();
          return;
        }
        next = message.seq + 1;
        if (filter.fits(message.subject)) options.onMessage(streamMessage(message));
        if (message.info.pending === 0) caughtUp.resolve();
      },
      end: async () => {
        await consumer.delete();
      },
    };
  });
  return { caughtUp: caughtUp.promise, stop: loop.stop };
}

export interface Order extends StreamMessage {
  /** Whether it was delivered before, to this bridge or to an earlier one. */
  readonly redelivered: boolean;
  /** Takes it off the consumer; resolves when the server has confirmed that. */
  ack(): Promise<void>;
  /** Gives it back, to be delivered again. */
  giveBack(): void;
}

/** Works through an agent's durable consumer; waits for the consumer when the server has not made it yet. */
export function consumeOrders(
  bus: Bus,
  id: AgentId,
  onOrder: (order: Order) => void,
  log: Logger,
): { stop(): Promise<void> } {
  const loops = bridgeConsumers(bus, id).map(({ name }) =>
    keepConsuming(bus, log, `consumer ${name}`, async () => {
      const jetstream = bus.connection.jetstream({ timeout: answerWithinMs });
      const consumer = await jetstream.consumers.get(streams.commands, name);
      const messages = await consumer.consume({ max_messages: 100, ...pullFor(bus) });
      return {
        messages,
        onMessage: (message) =>
          onOrder({
            ...streamMessage(message),
            redelivered: message.redelivered,
            ack: async () => {
              await message.ackAck();
            },
            giveBack: () => message.nak(),
          }),
      };
    }),
  );
  return {
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}

interface Consumption {
  readonly messages: ConsumerMessages;
  readonly onMessage: (message: JsMsg) => void;
  /** What is left to do once it is over. */
  readonly end?: () => Promise<void>;
}

/** Opens a consumption, and another whenever it ends or the connection has come back, until stopped. */
function keepConsuming(
  bus: Bus,
  log: Logger,
  what: string,
  open: () => Promise<Consumption>,
): { stop(): Promise<void> } {
  const stopped = Promise.withResolvers<void>();
  let isStopped = false;
  let current: ConsumerMessages | undefined;
  const unlisten = bus.onConnection((connected) => {
    if (connected) current?.stop();
  });

  const run = async () => {
    while (!isStopped) {
      try {
        const { messages, onMessage, end } = await open();
        current = messages;
        if (isStopped) messages.stop();
        void stopWhenLost(messages);
        for await (const message of messages) {
          onMessage(message);
          if (isStopped) break;
        }
        // A server that has lost it removes it by itself.
        if (bus.isConnected()) end?.().catch(() => undefined);
      } catch (error) {
        log.debug(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        await Promise.race([delay(retryMs), stopped.promise]);
      }
    }
  };
  const done = run();
  return {
    stop: async () => {
      isStopped = true;
      stopped.resolve();
      unlisten();
      current?.stop();
      await done;
    },
  };
}

function pullFor(bus: Bus): typeof clusterPull {
  return isClustered(bus) ? clusterPull : otherPull;
}

/** A pull that nobody took (503) is not made again by itself; a consumer that is new in a cluster has none for a moment. */
async function stopWhenLost(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of await messages.status()) {
    if (type !== ConsumerEvents.HeartbeatsMissed && type !== ConsumerEvents.NoResponders) continue;
    await delay(retryMs);
    messages.stop();
  }
}

/** For the files of src/nats alone. */
export function streamMessage(message: JsMsg): StreamMessage {
  const operation = message.headers?.get("KV-Operation");
  return {
    ...(operation === "DEL" || operation === "PURGE" ? { removesKey: true } : {}),
    subject: message.subject,
    data: message.data,
    seq: message.seq,
    at: new Date(message.info.timestampNanos / 1e6).toISOString(),
  };
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
