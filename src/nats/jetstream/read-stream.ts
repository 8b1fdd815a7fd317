// Reads what a stream holds now, from one end to the other, and facts about it. follow.ts reads what comes later.

import { CliaiError } from "../../domain/text/errors.ts";
import { pause } from "../../waiting.ts";
import type { Bus } from "../bus.ts";
import { isNotFound, translateNatsError } from "../errors.ts";
import { openReader, type Reader, type ReaderStart } from "../reader.ts";
import { type StreamMessage, streamMessage } from "./follow.ts";
import { subjectFilter } from "./older-servers.ts";
import { pullMessages } from "./pull.ts";

export interface ReadOptions {
  readonly stream: string;
  /** Only these subjects; all when left out. */
  readonly subjects?: readonly string[] | undefined;
  /** The first sequence. */
  readonly from?: number | undefined;
  /** The first moment, instead of the first sequence. */
  readonly sinceMs?: number | undefined;
  /** Only the last message of each subject, without its payload. */
  readonly lastOfEach?: true;
}

/** How long it waits for the next message while more are due; a restarted nats-server is back by then. */
const silenceMs = 10_000;
const retryMs = 250;
/** A pull without a message ends soon, because retention may have removed the messages that were counted. */
const pull = { batch: 2_000, expires: 2_000, idle_heartbeat: 1_000, endsWhenIdle: true };

/**
 * What the stream holds at this moment, in order, a bounded part of it in memory at a time. After a loss of the connection it
 * goes on where it was.
 * @throws CliaiError `no_answer` when the server falls silent in the middle
 */
export async function* readStream(bus: Bus, options: ReadOptions): AsyncGenerator<StreamMessage, void> {
  const { stream, subjects, from = 1, sinceMs, lastOfEach } = options;
  const doing = `read the stream ${stream}`;
  const filter = subjectFilter(bus, subjects);
  let start: ReaderStart = sinceMs === undefined ? { from } : { sinceMs };
  if (lastOfEach) start = { isLastOfEach: true };
  /** How many of those that were there at the beginning are still to come. */
  let remaining = Number.POSITIVE_INFINITY;
  let heardAt = performance.now();
  for (;;) {
    let reader: Reader | undefined;
    try {
      reader = await openReader(bus, stream, filter, start);
      remaining = Math.min(remaining, reader.pending);
      if (remaining === 0) return;
      const messages = pullMessages(bus, { ...reader.place, ...pull });
      const unlisten = bus.onConnection(messages.stop);
      try {
        let given = 0;
        for await (const message of messages) {
          given += 1;
          // A message was lost on its way: read again from there.
          if (message.info.deliverySequence !== given) break;
          // The last of each are read all again, where they have to be.
          if (!lastOfEach) start = { from: message.seq + 1 };
          if (filter.fits(message.subject)) yield streamMessage(message);
          // Time that the reader takes for a message does not count as silence of the server.
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
      // nats-server removes the consumer after a minute anyway, so a failure here is no error for the reader.
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
