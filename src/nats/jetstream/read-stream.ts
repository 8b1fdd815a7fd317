// Reads the messages that a stream holds now, and facts about the stream. follow.ts also delivers what comes later.

import { CliaiError } from "../../domain/text/errors.ts";
import { pause } from "../../waiting.ts";
import type { Bus } from "../bus.ts";
import { isNotFound, translateNatsError } from "../errors.ts";
import { jetStreamManagerOf } from "../jetstream-manager.ts";
import { openReader, type Reader, type ReaderStart } from "../reader.ts";
import { type StreamMessage, streamMessage } from "./follow.ts";
import { subjectFilter } from "./older-servers.ts";
import { pullMessages } from "./pull.ts";

export interface ReadOptions {
  readonly stream: string;
  /** Only these subjects; default all. */
  readonly subjects?: readonly string[] | undefined;
  /** The first sequence. */
  readonly from?: number | undefined;
  /** Start at the first message since this time, instead of at a sequence. */
  readonly sinceMs?: number | undefined;
  /** Only the last message of each of the `subjects`, without its payload. After a loss of the connection, all of them come again. */
  readonly lastOfEach?: true;
}

/** How long to wait for the next message while more must come. A restarted nats-server is back by then. */
const silenceMs = 10_000;
const retryMs = 250;
/** A pull without a message ends soon, because retention may have removed messages that were counted. */
const pull = { batch: 2_000, expires: 2_000, idle_heartbeat: 1_000, endsWhenIdle: true };

/**
 * The messages that the stream holds at this moment, in order. Only a limited part of them is in memory. After a loss of the
 * connection it goes on where it was.
 * @throws CliaiError `no_answer` if nats-server falls silent before the end
 */
export async function* readStream(bus: Bus, options: ReadOptions): AsyncGenerator<StreamMessage, void> {
  const { stream, subjects, from = 1, sinceMs, lastOfEach } = options;
  const doing = `read the stream ${stream}`;
  const filter = subjectFilter(bus, subjects);
  let start: ReaderStart = sinceMs === undefined ? { from } : { sinceMs };
  if (lastOfEach) start = { isLastOfEach: true };
  /** How many of the messages that the stream held at the start must still come. */
  let remaining = Number.POSITIVE_INFINITY;
  let heardAt = performance.now();
  for (;;) {
    let reader: Reader | undefined;
    try {
      reader = await openReader(bus, stream, filter, start);
      remaining = lastOfEach ? reader.pending : Math.min(remaining, reader.pending);
      if (remaining === 0) return;
      const messages = pullMessages(bus, { ...reader.place, ...pull });
      const unlisten = bus.onConnection(messages.stop);
      try {
        let given = 0;
        for await (const message of messages) {
          given += 1;
          // A message was lost on the way: read again from there.
          if (message.info.deliverySequence !== given) break;
          // With `lastOfEach` there is no such position: after a loss, all are read again.
          if (!lastOfEach) start = { from: message.seq + 1 };
          if (filter.fits(message.subject)) yield streamMessage(message);
          // The time that the caller takes for a message must not count as silence of nats-server.
          heardAt = performance.now();
          remaining -= 1;
          // Retention may have removed some of the counted messages.
          if (remaining <= 0 || message.info.pending === 0) return;
        }
      } finally {
        unlisten();
      }
    } catch (error) {
      if (remaining === Number.POSITIVE_INFINITY || isNotFound(error)) throw translateNatsError(error, doing);
    } finally {
      // A failure here does no harm, because nats-server removes the consumer after a minute by itself.
      if (bus.isConnected()) await reader?.remove().catch(() => undefined);
    }
    if (performance.now() - heardAt > silenceMs) {
      throw new CliaiError("no_answer", `no answer in time: ${doing}`, {
        hint: "see whether the server runs: cliai ls",
      });
    }
    await pause(retryMs);
  }
}

export interface StreamFacts {
  /** 1 more than `last_seq` for an empty stream. */
  readonly first_seq: number;
  readonly last_seq: number;
  readonly messages: number;
  readonly bytes: number;
  /** When the oldest message was stored, RFC 3339; undefined for an empty stream. */
  readonly oldest_at: string | undefined;
}

/** @throws CliaiError `usage` if there is no such stream */
export async function readStreamFacts(bus: Bus, stream: string): Promise<StreamFacts> {
  try {
    const manager = await jetStreamManagerOf(bus);
    const { first_seq, last_seq, messages, bytes, first_ts } = (await manager.streams.info(stream)).state;
    const oldest_at = messages === 0 ? undefined : new Date(first_ts).toISOString();
    return { first_seq, last_seq, messages, bytes, oldest_at };
  } catch (error) {
    if (!isNotFound(error)) throw translateNatsError(error, `look at the stream ${stream}`);
    throw new CliaiError("usage", `no stream "${stream}" on this NATS server`, {
      hint: "start the server, which creates its streams: cliai serve",
      cause: error,
    });
  }
}

/** The last message on a subject; undefined if there is none. */
export async function readLastMessage(
  bus: Bus,
  stream: string,
  subject: string,
): Promise<{ readonly seq: number; readonly data: Uint8Array } | undefined> {
  try {
    const manager = await jetStreamManagerOf(bus);
    const { seq, data } = await manager.streams.getMessage(stream, { last_by_subj: subject });
    return { seq, data };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw translateNatsError(error, `read the last message on ${subject}`);
  }
}

/** One message of a stream by its sequence; undefined if it was removed. */
export async function readMessageAt(
  bus: Bus,
  stream: string,
  seq: number,
): Promise<StreamMessage | undefined> {
  try {
    const manager = await jetStreamManagerOf(bus);
    const { subject, data, time } = await manager.streams.getMessage(stream, { seq });
    return { subject, data, seq, at: time.toISOString() };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw translateNatsError(error, `read message ${seq} of ${stream}`);
  }
}

/** The first sequence that was stored at this time or later; the next one to come if there is none. */
export async function firstSequenceSince(bus: Bus, stream: string, sinceMs: number): Promise<number> {
  try {
    const reader = await openReader(bus, stream, subjectFilter(bus, undefined), { sinceMs });
    // If this fails, nats-server later removes the consumer by itself.
    reader.remove().catch(() => undefined);
    return reader.deliveredTo + 1;
  } catch (error) {
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}

/** When a stream was created, as nats-server writes it: another text is another stream. Undefined if there is no such stream. */
export async function streamCreated(bus: Bus, stream: string): Promise<string | undefined> {
  try {
    const manager = await jetStreamManagerOf(bus);
    return String((await manager.streams.info(stream)).created);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}
