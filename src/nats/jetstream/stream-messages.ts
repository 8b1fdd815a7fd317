// The messages of a stream: one by its sequence, how many there are and how far they go, and their removal.
import { definedOf } from "../../domain/defined.ts";
import type { CliaiError } from "../../domain/text/errors.ts";
import type { Bus } from "../bus.ts";
import { isGone, isNotFound, translateNatsError } from "../errors.ts";

const removedAtOnce = 100;

/** The payload of one message of a stream; undefined when retention has removed it. */
export async function readStreamMessage(
  bus: Bus,
  stream: string,
  seq: number,
): Promise<Uint8Array | undefined> {
  try {
    const manager = await bus.connection.jetstreamManager();
    return (await manager.streams.getMessage(stream, { seq })).data;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw translateNatsError(error, `read message ${seq} of ${stream}`);
  }
}

export interface Removal {
  /** Those that are in the stream no more. */
  readonly gone: ReadonlySet<number>;
  /** Why the others are not removed, when not all are gone. */
  readonly failure?: CliaiError;
}

/**
 * Removes messages from a stream, a hundred at a time, up to the first that fails; one that is gone already is removed.
 * If 10,000 requests wait, nats-server 2.15 drops all of them.
 */
export async function removeMessages(bus: Bus, stream: string, seqs: readonly number[]): Promise<Removal> {
  const gone = new Set<number>();
  let failure: CliaiError | undefined;
  const fail = (error: unknown) => {
    failure ??= translateNatsError(error, `remove messages from ${stream}`);
  };
  try {
    const { streams: api } = await bus.connection.jetstreamManager();
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
 * How far a stream that sources `from` has copied it, by the last copies that it holds on these subjects; 0 when it holds none.
 * The `lag` of nats-server 2.15 cannot be used: it was 0 with 25,000 messages still to copy.
 */
export async function copiedTo(
  bus: Bus,
  stream: string,
  from: string,
  subjects: readonly string[],
): Promise<number> {
  try {
    const manager = await bus.connection.jetstreamManager();
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

/** The sequence of the last message that a stream holds on a subject, which may have wildcards; 0 where it holds none. */
export async function lastSequenceOn(bus: Bus, stream: string, subject: string): Promise<number> {
  try {
    const manager = await bus.connection.jetstreamManager();
    return (await manager.streams.getMessage(stream, { last_by_subj: subject })).seq;
  } catch (error) {
    if (isNotFound(error)) return 0;
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}

/** How many messages wait on each subject of a stream. */
export async function subjectCounts(bus: Bus, stream: string): Promise<ReadonlyMap<string, number>> {
  try {
    const manager = await bus.connection.jetstreamManager();
    const { state } = await manager.streams.info(stream, { subjects_filter: ">" });
    return new Map(Object.entries(state.subjects ?? {}));
  } catch (error) {
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}

/** The sequence of the last message; 0 for an empty stream. */
export async function lastSequence(bus: Bus, stream: string): Promise<number> {
  try {
    const manager = await bus.connection.jetstreamManager();
    return (await manager.streams.info(stream)).state.last_seq;
  } catch (error) {
    throw translateNatsError(error, `look at the stream ${stream}`);
  }
}
