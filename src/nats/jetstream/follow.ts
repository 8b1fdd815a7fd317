// Follows streams: `followStream` for a reader of its own (projection, feeds), `consumeOrders` for a host's or bridge's
// durable consumer. Both start again when the connection returns, and when the server that held the consumer falls silent,
// at once and where they stopped: the consumers of nats 2.29 wait for a whole pull after a failed look-up.

import type { JsMsg } from "nats";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { streams } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import { atMost } from "../../waiting.ts";
import type { Bus } from "../bus.ts";
import { openReader } from "../reader.ts";
import { bridgeConsumers, subjectFilter } from "./older-servers.ts";
import { answerWithinMs, type Pulled, pullFor, pullMessages } from "./pull.ts";

const retryMs = 250;

export interface StreamMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
  /** When the stream stored it, RFC 3339 in UTC. */
  readonly at: string;
  /** In a bucket's stream: the key was removed. Decided by the marker's header only, because anybody may write an empty value. */
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
    const filter = subjectFilter(bus, options.subjects);
    const start = next === "new" ? { isNew: true as const } : { from: next };
    const reader = await openReader(bus, options.stream, filter, start);
    if (next === "new") next = reader.deliveredTo + 1;
    if (reader.pending === 0) caughtUp.resolve();
    const messages = pullMessages(bus, { ...reader.place, batch: 1_000, ...pullFor(bus) });
    let given = 0;
    return {
      messages,
      onMessage: (message) => {
        given += 1;
        // A message was lost on its way: read again from there.
        if (message.info.deliverySequence !== given) {
          messages.stop();
          return;
        }
        next = message.seq + 1;
        if (filter.fits(message.subject)) options.onMessage(streamMessage(message));
        if (message.info.pending === 0) caughtUp.resolve();
      },
      end: reader.remove,
    };
  });
  return { caughtUp: caughtUp.promise, stop: loop.stop };
}

export interface Order extends StreamMessage {
  /** Whether it was delivered before, to this bridge or to an earlier one. */
  readonly redelivered: boolean;
  /** How long it has been in the stream, by the server's clock, which is asked; by our own clock with nats-server 2.9. */
  ageMs(): Promise<number>;
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
      const manager = await bus.connection.jetstream({ timeout: answerWithinMs }).jetstreamManager(false);
      await manager.consumers.info(streams.commands, name);
      const place = { stream: streams.commands, consumer: name };
      const messages = pullMessages(bus, { ...place, batch: 100, ...pullFor(bus) });
      return {
        messages,
        onMessage: (message) =>
          onOrder({
            ...streamMessage(message),
            redelivered: message.redelivered,
            ageMs: async () => {
              // The types of nats 2.29 do not have `ts`, which came with nats-server 2.10.
              const { ts } = (await manager.consumers.info(streams.commands, name)) as {
                readonly ts?: string;
              };
              return (ts === undefined ? Date.now() : Date.parse(ts)) - message.info.timestampNanos / 1e6;
            },
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
  readonly messages: Pulled;
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
  let current: Pulled | undefined;
  const unlisten = bus.onConnection((connected) => {
    if (connected) current?.stop();
  });

  const run = async () => {
    while (!isStopped) {
      try {
        const { messages, onMessage, end } = await open();
        current = messages;
        if (isStopped) messages.stop();
        for await (const message of messages) {
          onMessage(message);
          if (isStopped) break;
        }
        // If this fails, nats-server removes it by itself later.
        if (bus.isConnected()) end?.().catch(() => undefined);
      } catch (error) {
        log.debug(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        await atMost(retryMs, stopped.promise);
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

/** For src/nats only. Agents may set any header on their reports, so only a bucket's deletion marker is read. */
export function streamMessage(message: JsMsg): StreamMessage {
  const operation = message.subject.startsWith("$KV.") ? message.headers?.get("KV-Operation") : undefined;
  return {
    ...(operation === "DEL" || operation === "PURGE" ? { removesKey: true } : {}),
    subject: message.subject,
    data: message.data,
    seq: message.seq,
    at: new Date(message.info.timestampNanos / 1e6).toISOString(),
  };
}
