// Reads one message of a stream by its sequence, counts messages, and removes messages.
import { definedOf } from "../../domain/defined.ts";
import type { CliaiError } from "../../domain/text/errors.ts";
import type { Bus } from "../bus.ts";
import { isGone, isNotFound, translateNatsError } from "../errors.ts";
import { jetStreamManagerOf } from "../jetstream-manager.ts";

const removedAtOnce = 100;

/** The payload of one message of a stream; undefined if it was removed. */
export async function readStreamMessage(
  bus: Bus,
  stream: string,
  seq: number,
): Promise<Uint8Array | undefined> {
  try {
    const manager = await jetStreamManagerOf(bus);
    return (await manager.streams.getMessage(stream, { seq })).data;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw translateNatsError(error, `read message ${seq} of ${stream}`);
  }
}

export interface Removal {
  /** The sequences that are no longer in the stream. */
  readonly gone: ReadonlySet<number>;
  /** Why the other messages could not be removed; absent if all are gone. */
  readonly failure?: CliaiError;
}

/**
 * Removes messages from a stream, up to the first that fails. A message that no longer exists counts as removed. At most a hundred
 * requests wait at a time, because nats-server 2.15 drops them all if 10,000 wait.
 */
export async function removeMessages(bus: Bus, stream: string, seqs: readonly number[]): Promise<Removal> {
  const gone = new Set<number>();
  let failure: CliaiError | undefined;
  const fail = (error: unknown) => {
    failure ??= translateNatsError(error, `remove messages from ${stream}`);
  };
  try {
    const { streams: api } = await jetStreamManagerOf(bus);
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
  return { gone, ...definedOf({ failure }) };
}

/**
 * The last sequence of the source `from` that a stream has copied, judged by its last copies on these subjects; 0 if it holds none.
 * nats-server's own `lag` cannot be used: in 2.15 it was 0 with 25,000 messages still to copy.
 */
export async function copiedTo(
  bus: Bus,
  stream: string,
  from: string,
  subjects: readonly string[],
): Promise<number> {
  try {
    const manager = await jetStreamManagerOf(bus);
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

/** The sequence of the last message that a stream holds on a subject, which may have wildcards; 0 if it holds none. */
export async function lastSequenceOn(bus: Bus, stream: string, subject: string): Promise<number> {
  try {
    const manager = await jetStreamManagerOf(bus);
    return (await manager.streams.getMessage(stream, { last_by_subj: subject })).seq;
  } catch (error) {
    if (isNotFound(error)) return 0;
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}

/** The number of messages on each subject of a stream. @param subject only on these, which may have wildcards */
export async function subjectCounts(
  bus: Bus,
  stream: string,
  subject = ">",
): Promise<ReadonlyMap<string, number>> {
  try {
    const manager = await jetStreamManagerOf(bus);
    const { state } = await manager.streams.info(stream, { subjects_filter: subject });
    return new Map(Object.entries(state.subjects ?? {}));
  } catch (error) {
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}

/** The sequence of the last message of a stream; 0 if it never had one. */
export async function lastSequence(bus: Bus, stream: string): Promise<number> {
  try {
    const manager = await jetStreamManagerOf(bus);
    return (await manager.streams.info(stream)).state.last_seq;
  } catch (error) {
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}

/** Removes all messages of one subject from a stream. Returns how many; 0 if there is no such stream. */
export async function removeSubject(bus: Bus, stream: string, subject: string): Promise<number> {
  try {
    const manager = await jetStreamManagerOf(bus);
    return (await manager.streams.purge(stream, { filter: subject })).purged;
  } catch (error) {
    if (isNotFound(error)) return 0;
    throw translateNatsError(error, `remove messages from ${stream}`);
  }
}

/** Removes the messages of one subject before a sequence. @throws CliaiError if the stream refuses */
export async function removeBefore(bus: Bus, stream: string, subject: string, seq: number): Promise<void> {
  try {
    const manager = await jetStreamManagerOf(bus);
    await manager.streams.purge(stream, { filter: subject, seq });
  } catch (error) {
    throw translateNatsError(error, `remove messages from ${stream}`);
  }
}
