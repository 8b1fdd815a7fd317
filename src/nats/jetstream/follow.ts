// Follows streams: `followStream` with a consumer of its own (projector, feeds), `consumeOrders` with the durable consumer of a host
// or bridge. Both go on where they stopped as soon as the connection is back, or when the server of the consumer falls silent.
// nats 2.29's own consumers are not used, because after a failed look-up they wait as long as a whole pull.

import type { JsMsg } from "nats";
import { messageOf } from "../../domain/text/errors.ts";
import type { TraceContext } from "../../domain/trace/trace-context.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { streams } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import { atMost } from "../../waiting.ts";
import type { Bus } from "../bus.ts";
import { openReader } from "../reader.ts";
import { traceOf } from "../trace-of.ts";
import { bridgeConsumers, subjectFilter } from "./older-servers.ts";
import { answerWithinMs, orderPullFor, type Pulled, pullFor, pullMessages } from "./pull.ts";

const retryMs = 250;

export interface StreamMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
  /** When the stream stored it, RFC 3339 in UTC. */
  readonly at: string;
  /** Its place in a trace, if it names one. */
  readonly trace?: TraceContext;
  /** In a bucket's stream: the key was removed. Only the marker's header says so, because anybody can write an empty value. */
  readonly removesKey?: true;
}

export interface Following {
  /** Resolves when all messages that the stream held at the start were delivered. */
  readonly caughtUp: Promise<void>;
  stop(): Promise<void>;
}

export interface FollowOptions {
  readonly stream: string;
  /** Only these subjects; default all. */
  readonly subjects?: readonly string[];
  /** The first sequence to deliver; `new` for only the messages from now on. */
  readonly from: number | "new";
  readonly log: Logger;
  readonly onMessage: (message: StreamMessage) => void;
  /**
   * Called when the stream ends before what was delivered: it was made anew (`end` is 0), or has lost its end. What comes after `end` is
   * delivered next, under sequences that were delivered before. If left out, those messages are not delivered.
   */
  readonly onRewound?: (end: number) => void;
}

/** Delivers each message of a stream once and in order, without acknowledgements, until it is stopped. */
export function followStream(bus: Bus, options: FollowOptions): Following {
  const caughtUp = Promise.withResolvers<void>();
  let next = options.from;
  let created: string | undefined;
  /** Moves back to the end of the stream if it is not where it was. */
  const rewind = async (onRewound: (end: number) => void) => {
    const now = await readStreamEnd(bus, options.stream);
    const isAnew = created !== undefined && created !== now.created;
    created = now.created;
    if (next === "new" || (!isAnew && next <= now.end + 1)) return;
    const end = isAnew ? 0 : now.end;
    onRewound(end);
    next = end + 1;
  };
  const loop = keepConsuming(bus, options.log, `stream ${options.stream}`, async () => {
    const filter = subjectFilter(bus, options.subjects);
    if (options.onRewound !== undefined) await rewind(options.onRewound);
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
        // A message was lost on the way: read again from there.
        if (message.info.deliverySequence !== given) {
          messages.stop();
          return;
        }
        next = message.seq + 1;
        try {
          if (filter.fits(message.subject)) options.onMessage(streamMessage(message));
        } finally {
          if (message.info.pending === 0) caughtUp.resolve();
        }
      },
      end: reader.remove,
    };
  });
  return { caughtUp: caughtUp.promise, stop: loop.stop };
}

/** Where the stream ends now, and when it was created. */
async function readStreamEnd(
  bus: Bus,
  stream: string,
): Promise<{ readonly end: number; readonly created: string }> {
  const manager = await bus.connection.jetstream({ timeout: answerWithinMs }).jetstreamManager(false);
  const { state, created } = await manager.streams.info(stream);
  return { end: state.last_seq, created: String(created) };
}

export interface Order extends StreamMessage {
  /** Whether it was delivered before, to this run or an earlier one. */
  readonly redelivered: boolean;
  /** How long it has been in the stream. Asks nats-server for its time; with nats-server 2.9, uses the clock of this machine. */
  ageMs(): Promise<number>;
  /** Acknowledges it, so that it is not delivered again. Resolves when nats-server has confirmed that. */
  ack(): Promise<void>;
  /** Refuses it for now, so that it is delivered again. */
  giveBack(): void;
}

/** Delivers the orders of an agent's durable consumer. If serve has not created the consumer yet, it waits for it. */
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
      const messages = pullMessages(bus, { ...place, batch: 100, ...orderPullFor(bus) });
      return {
        messages,
        onMessage: (message) =>
          onOrder({
            ...streamMessage(message),
            redelivered: message.redelivered,
            ageMs: async () => {
              // `ts` came with nats-server 2.10; the types of nats 2.29 lack it.
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

export interface Delivered extends StreamMessage {
  /** Acknowledges it, so that it is not delivered again. Resolves when nats-server has confirmed that. */
  ack(): Promise<void>;
  /** Refuses it for now, so that it is delivered again. */
  giveBack(): void;
  /** Has it delivered again only after `ms`. It can still be acknowledged and given back meanwhile. */
  hold(ms: number): void;
}

/**
 * Delivers the messages of a durable consumer that serve makes for itself. What is not acknowledged in time is delivered again, with the
 * same sequence, also to the next serve.
 * @param ensure makes the consumer if it is missing; called before each try to read from it
 */
export function consumeDurable(
  bus: Bus,
  place: { readonly stream: string; readonly consumer: string },
  { ensure, onMessage, log }: DurableOptions,
): { stop(): Promise<void> } {
  return keepConsuming(bus, log, `consumer ${place.consumer}`, async () => {
    await ensure();
    return {
      messages: pullMessages(bus, { ...place, batch: 100, ...orderPullFor(bus) }),
      onMessage: (message) =>
        onMessage({
          ...streamMessage(message),
          // Not by the methods of nats 2.29, which send nothing for a message that was refused once.
          ack: async () => {
            await bus.connection.request(replyOf(message), "+ACK", { timeout: answerWithinMs });
          },
          giveBack: () => bus.connection.publish(replyOf(message), "-NAK"),
          hold: (ms) => message.nak(Math.ceil(ms)),
        }),
    };
  });
}

/** The subject on which nats-server hears what became of the message. The types of nats 2.29 lack it. */
function replyOf(message: JsMsg): string {
  return (message as JsMsg & { readonly reply: string }).reply;
}

interface DurableOptions {
  readonly ensure: () => Promise<void>;
  readonly onMessage: (message: Delivered) => void;
  readonly log: Logger;
}

interface Consumption {
  readonly messages: Pulled;
  readonly onMessage: (message: JsMsg) => void;
  /** Called when the messages have ended. */
  readonly end?: () => Promise<void>;
}

/** Opens a consumption, and a new one whenever it ends or the connection is back, until it is stopped. */
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
          try {
            onMessage(message);
          } catch (error) {
            log.error(
              `message ${message.seq} of ${what} (${message.subject}) is not handled: ${messageOf(error)}`,
            );
          }
          if (isStopped) break;
        }
        // If this fails, nats-server later removes the consumer by itself.
        if (bus.isConnected()) end?.().catch(() => undefined);
      } catch (error) {
        log.debug(`${what}: ${messageOf(error)}`);
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

/** Only for src/nats. It reads no header but a bucket's deletion marker and `traceparent`, because agents can set any header on their reports. */
export function streamMessage(message: JsMsg): StreamMessage {
  const operation = message.subject.startsWith("$KV.") ? message.headers?.get("KV-Operation") : undefined;
  return {
    ...(operation === "DEL" || operation === "PURGE" ? { removesKey: true } : {}),
    subject: message.subject,
    data: message.data,
    ...traceOf(message),
    seq: message.seq,
    at: new Date(message.info.timestampNanos / 1e6).toISOString(),
  };
}
