// Takes snapshots of streams, and makes streams from them again, by JetStream's own API (`$JS.API.STREAM.SNAPSHOT` and `.RESTORE`), for
// which `nats` 2.29 has no call. A snapshot has the stream's messages, settings and consumers.
import { Empty, type JetStreamManager, type Msg, type Subscription } from "nats";
import * as v from "valibot";
import { CliaiError } from "../../domain/text/errors.ts";
import { checkMessage, decodeMessage } from "../../domain/wire/decode.ts";
import { atMost, pause } from "../../waiting.ts";
import type { Bus } from "../bus.ts";
import { isNotFound, isStoreCode, translateNatsError } from "../errors.ts";
import { jetStreamManagerOf } from "../jetstream-manager.ts";

/** nats-server first writes to the disk what it has in memory of the stream. */
const answerWithinMs = 60_000;
/** nats-server itself gives a snapshot up if nothing that it has sent is acknowledged for 5 s. */
const nextChunkWithinMs = 30_000;
/** How long nats-server may take to write a piece to the disk. */
const writtenWithinMs = 60_000;
/** How long nats-server may take to read a restored stream, which it does after the last piece. */
const restoredWithinMs = 10 * 60_000;
/** nats-server takes 1 MiB at most. It sends 8 MiB ahead of the acknowledgements. */
const chunkBytes = 512 * 1024;

/**
 * nats-server 2.15 keeps in memory for ten seconds what it has written, so its memory grows with the speed at which a stream is restored:
 * without a limit to 2.7 GB, with a stream of 3.1 GB. The first bytes are sent as fast as it takes them.
 */
const unpacedBytes = 256 * 1024 * 1024;
const pacedBytesPerMs = (48 * 1024 * 1024) / 1000;

const ApiErrorSchema = v.looseObject({
  code: v.number(),
  err_code: v.optional(v.number()),
  description: v.string(),
});
const AnswerSchema = v.looseObject({ error: v.optional(ApiErrorSchema) });
const RestoreSchema = v.looseObject({ deliver_subject: v.string() });

const SourceSchema = v.looseObject({ name: v.string(), opt_start_seq: v.exactOptional(v.number()) });

/** What nats-server needs to make the stream again. Fields that are not named here are kept, too. */
export const StreamHeadSchema = v.object({
  config: v.looseObject({
    name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,255}$/)),
    /** What the stream reserves of the disk; -1 for nothing. */
    max_bytes: v.exactOptional(v.number()),
    sources: v.optional(v.nullable(v.array(SourceSchema))),
  }),
  state: v.looseObject({ messages: v.number(), bytes: v.number() }),
});
export type StreamHead = v.InferOutput<typeof StreamHeadSchema>;

export interface StreamSnapshot {
  readonly head: StreamHead;
  /** The content, in nats-server's own format. Read it to its end. nats-server sends only a few MB ahead of the reader. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** @throws CliaiError `no_answer`, `nats_unreachable`, or `failed` with nats-server's reason; so do the `chunks` */
export async function takeSnapshot(bus: Bus, stream: string): Promise<StreamSnapshot> {
  const doing = `take a snapshot of the stream ${stream}`;
  const inbox = bus.createInbox();
  const subscription = bus.connection.subscribe(inbox);
  try {
    const order = { deliver_subject: inbox, chunk_size: chunkBytes };
    const answer = await ask(bus, `SNAPSHOT.${stream}`, order, doing);
    return { head: checkMessage(StreamHeadSchema, answer), chunks: chunksOf(subscription, doing) };
  } catch (error) {
    subscription.unsubscribe();
    throw translateNatsError(error, doing);
  }
}

async function* chunksOf(subscription: Subscription, doing: string): AsyncGenerator<Uint8Array, void> {
  const messages = subscription[Symbol.asyncIterator]();
  try {
    for (;;) {
      const message = await nextOf(messages, doing);
      if (message.data.length === 0) return requireWhole(message, doing);
      yield message.data;
      message.respond(); // the reader has taken it, so nats-server may send the next one
    }
  } finally {
    subscription.unsubscribe();
  }
}

async function nextOf(messages: AsyncIterator<Msg>, doing: string): Promise<Msg> {
  const taken: { result?: IteratorResult<Msg> } = {};
  const next = messages.next().then((result) => {
    taken.result = result;
  });
  await atMost(nextChunkWithinMs, next);
  if (taken.result === undefined) {
    throw new CliaiError("no_answer", `cannot ${doing}: nats-server has stopped sending it`, {
      hint: "see whether nats-server runs and has a disk that is not full: cliai doctor",
    });
  }
  if (taken.result.done === true) {
    throw new CliaiError("nats_unreachable", `cannot ${doing}: the connection has ended`, {
      hint: "see whether the server runs: cliai status",
    });
  }
  return taken.result.value;
}

/** The last message is empty. Its headers say why, if nats-server has given the snapshot up. */
function requireWhole({ headers }: Msg, doing: string): void {
  if (headers === undefined || headers.code < 300) return;
  throw new CliaiError("failed", `cannot ${doing}: ${headers.code} ${headers.description}`, {
    hint: "a damaged store, or a disk that is too slow: see cliai doctor, and try again",
  });
}

/**
 * Makes the stream again, with its consumers, but lets it copy nothing from other streams yet: {@link resumeCopying} does. There must be no
 * stream of this name.
 * @param chunks as {@link takeSnapshot} has given them; the pieces may have other sizes
 * @throws CliaiError as {@link takeSnapshot} does, and what `chunks` throw
 */
export async function restoreStream(
  bus: Bus,
  head: StreamHead,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { sources: _, ...config } = head.config;
  const doing = `restore the stream ${config.name}`;
  try {
    const answer = await ask(bus, `RESTORE.${config.name}`, { ...head, config }, doing);
    const { deliver_subject } = checkMessage(RestoreSchema, answer);
    const send = async (data: Uint8Array, timeout: number) => {
      const answer = await bus.connection.request(deliver_subject, data, { timeout });
      if (answer.data.length > 0) requireNoError(answer, doing);
    };
    const startedMs = performance.now();
    let sentBytes = 0;
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += chunkBytes)
        await send(chunk.subarray(at, at + chunkBytes), writtenWithinMs);
      sentBytes += chunk.length;
      const dueMs = startedMs + (sentBytes - unpacedBytes) / pacedBytesPerMs;
      if (dueMs > performance.now()) await pause(dueMs - performance.now());
    }
    await send(Empty, restoredWithinMs);
  } catch (error) {
    throw translateNatsError(error, doing);
  }
}

/**
 * Lets a restored stream copy from its sources again, after the last message that it has of each. Call it when the sources are restored, too.
 * nats-server 2.15 takes a restored source for another stream than before, and would copy all of it once more: so this tells it where to
 * begin. `ensureStreams` keeps that.
 * @param subjects of the copies, for a stream that has messages of its own as well
 * @throws CliaiError
 */
export async function resumeCopying(
  bus: Bus,
  { config: { name, sources } }: StreamHead,
  subjects: readonly string[],
): Promise<void> {
  if (!sources?.length) return;
  try {
    const manager = await jetStreamManagerOf(bus);
    const copied = await lastCopies(manager, name, [">", ...subjects]);
    const resumed = sources.map((source) => {
      const last = copied.get(source.name);
      const { opt_start_time: _, ...others } = source;
      return last === undefined ? source : { ...others, opt_start_seq: last + 1 };
    });
    const { config } = await manager.streams.info(name);
    await manager.streams.update(name, { ...config, sources: resumed });
  } catch (error) {
    throw translateNatsError(error, `let the stream ${name} copy again`);
  }
}

/** Source -> the sequence of its last message that the stream has copied on one of these subjects. */
async function lastCopies(
  manager: JetStreamManager,
  stream: string,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const copied = new Map<string, number>();
  for (const last_by_subj of subjects) {
    const message = await manager.streams.getMessage(stream, { last_by_subj }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    // Such as `COMMANDS 7 > > agent.ada.command`
    const [source = "", seq] = message?.header?.get("Nats-Stream-Source").split(" ") ?? [];
    if (seq !== undefined) copied.set(source, Math.max(Number(seq), copied.get(source) ?? 0));
  }
  return copied;
}

async function ask(bus: Bus, act: string, order: object, doing: string): Promise<unknown> {
  const subject = `$JS.API.STREAM.${act}`;
  const answer = await bus.connection.request(subject, JSON.stringify(order), { timeout: answerWithinMs });
  return requireNoError(answer, doing);
}

/** nats-server answers with an error in the JSON, and not in the headers. */
function requireNoError({ data }: Msg, doing: string): unknown {
  const answer = decodeMessage(AnswerSchema, data);
  if (answer.error !== undefined) {
    const { description, err_code } = answer.error;
    throw new CliaiError(
      isStoreCode(err_code) ? "store_unavailable" : "failed",
      `cannot ${doing}: ${description}`,
      { hint: "see what nats-server says: CLIAI_LOG=debug cliai …" },
    );
  }
  return answer;
}

/** The names of all streams, also of those behind buckets. */
export async function listStreams(bus: Bus): Promise<string[]> {
  try {
    const manager = await jetStreamManagerOf(bus);
    const names: string[] = [];
    for await (const { config } of manager.streams.list()) names.push(config.name);
    return names.sort();
  } catch (error) {
    throw translateNatsError(error, "list the streams");
  }
}
