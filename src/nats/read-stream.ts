// Reads what a stream holds now, from one end to the other, and the facts about it. What comes later is follow.ts's.
import { type Consumer, DeliverPolicy } from "nats";
import { CliaiError } from "../domain/errors.ts";
import type { Bus } from "./bus.ts";
import { isNotFound, translateNatsError } from "./errors.ts";
import { type StreamMessage, streamMessage } from "./follow.ts";
import { subjectFilter } from "./older-servers.ts";

export interface ReadOptions {
  readonly stream: string;
  /** Only these subjects; all when left out. */
  readonly subjects?: readonly string[] | undefined;
  /** The first sequence. */
  readonly from?: number | undefined;
  /** The first moment, instead of the first sequence. */
  readonly sinceMs?: number | undefined;
}

/** How long nothing may come while there is more to come. */
const silenceMs = 10_000;

/**
 * What the stream holds at this moment, in order, a bounded part of it in memory at a time.
 * @throws CliaiError `no_answer` when the server falls silent in the middle
 */
export async function* readStream(bus: Bus, options: ReadOptions): AsyncGenerator<StreamMessage, void> {
  const { stream, subjects, from = 1, sinceMs } = options;
  const doing = `read the stream ${stream}`;
  const filter = subjectFilter(bus, subjects);
  let consumer: Consumer;
  let remaining: number;
  try {
    consumer = await bus.connection.jetstream().consumers.get(stream, {
      ...filter.options,
      ...(sinceMs === undefined
        ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from) }
        : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(sinceMs).toISOString() }),
    });
    remaining = (await consumer.info()).num_pending;
  } catch (error) {
    throw translateNatsError(error, doing);
  }
  if (remaining === 0) return;
  const messages = await consumer.consume({ max_messages: 2_000 });
  let last = Date.now();
  let isSilent = false;
  const watch = setInterval(() => {
    isSilent = Date.now() - last > silenceMs;
    if (isSilent) messages.stop();
  }, 1_000);
  try {
    for await (const message of messages) {
      // A reader may take its time with each: that is no silence of the server's.
      last = Number.POSITIVE_INFINITY;
      if (filter.fits(message.subject)) yield streamMessage(message);
      last = Date.now();
      remaining -= 1;
      // Retention may have taken some of those that were counted.
      if (remaining <= 0 || message.info.pending === 0) return;
    }
    throw new CliaiError("no_answer", `no answer in time: ${doing}`, {
      hint: "see whether the server runs: cliai ls",
    });
  } catch (error) {
    throw translateNatsError(error, doing);
  } finally {
    clearInterval(watch);
    messages.stop();
    // It would go by itself after five minutes: a failure to end it sooner is none of the reader's.
    await consumer.delete().catch(() => undefined);
  }
}

export interface StreamFacts {
  /** 1 more than `last_seq` for an empty stream. */
  readonly first_seq: number;
  readonly last_seq: number;
  readonly messages: number;
  readonly bytes: number;
}

/** @throws CliaiError `usage` when there is no such stream */
export async function readStreamFacts(bus: Bus, stream: string): Promise<StreamFacts> {
  try {
    const manager = await bus.connection.jetstreamManager();
    const { first_seq, last_seq, messages, bytes } = (await manager.streams.info(stream)).state;
    return { first_seq, last_seq, messages, bytes };
  } catch (error) {
    if (!isNotFound(error)) throw translateNatsError(error, `look at the stream ${stream}`);
    throw new CliaiError("usage", `no stream "${stream}" on this NATS server`, {
      hint: "start the server, which makes its own: cliai serve",
      cause: error,
    });
  }
}

/** The last message of one subject; undefined when there is none. */
export async function readLastMessage(
  bus: Bus,
  stream: string,
  subject: string,
): Promise<{ readonly seq: number; readonly data: Uint8Array } | undefined> {
  try {
    const manager = await bus.connection.jetstreamManager();
    const { seq, data } = await manager.streams.getMessage(stream, { last_by_subj: subject });
    return { seq, data };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw translateNatsError(error, `read the last message on ${subject}`);
  }
}
