// Fills the index from the streams: first what they hold, then what comes. It reads each record once, and keeps at most one batch of them.
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { readStream, readStreamFacts, streamCreated } from "../nats/jetstream/read-stream.ts";
import { pause } from "../waiting.ts";
import type { IndexEntry } from "./index-tables.ts";
import type { SearchIndex } from "./search-index.ts";
import type { SearchSource } from "./sources.ts";

/** So many records are added in one transaction. */
const batchRecords = 250;
/**
 * How often new records are looked for. They are read many at a time: to be sent each one when it comes would cost nats-server and this
 * process a multiple of that, and the processor is the one that serve needs, too.
 */
const lookEveryMs = 500;
/** After so many records it rests, so that a long reading does not take a processor for itself. */
const restEvery = 1_000;
const restMs = 10;
/** How often the index is compared with what the streams still hold, and with its size limit. */
const tidyEveryMs = 10_000;
const tidyEveryRecords = 20_000;
/** How soon a stream that does not exist, or cannot be read now, is looked for again. */
const lookAgainMs = 5_000;

export interface Filling {
  /** Resolves when what the streams held at the start is indexed. */
  readonly caughtUp: Promise<void>;
  /** Resolves when what the streams hold now is indexed. Not if a stream cannot be read, so wait for a time only. */
  readNow(): Promise<void>;
  /** Adds what was read and is not in the index yet. Throws what the index throws. */
  flush(): void;
  stop(): Promise<void>;
}

export interface FillingOptions {
  readonly index: SearchIndex;
  readonly sources: readonly SearchSource[];
  /** Decides whether a record is left out; see forgotten.ts. */
  readonly isForgotten: (stream: string, entry: IndexEntry) => boolean;
  readonly log: Logger;
  /** Called once if the index cannot be written. The filling has then stopped. */
  readonly onFailure: (error: unknown) => void;
}

export function startFilling(bus: Bus, options: FillingOptions): Filling {
  const { sources, onFailure } = options;
  const ending = new AbortController();
  let hasFailed = false;
  const readings: Reading[] = [];
  const end = () => {
    ending.abort();
    for (const { nap } of readings) nap?.abort();
  };
  const fail = (error: unknown) => {
    if (hasFailed || ending.signal.aborted) return;
    hasFailed = true;
    end();
    onFailure(error);
  };
  const fillings = sources.map((source) => {
    const reading: Reading = { waiters: [], flush: () => undefined, nap: undefined };
    readings.push(reading);
    return fillFrom(bus, source, reading, { ...options, signal: ending.signal, fail });
  });
  return {
    caughtUp: Promise.all(fillings.map(({ caughtUp }) => caughtUp)).then(() => undefined),
    async readNow() {
      await Promise.all(
        readings.map((reading) => {
          const read = Promise.withResolvers<void>();
          reading.waiters.push(read.resolve);
          reading.nap?.abort();
          return read.promise;
        }),
      );
    },
    flush() {
      try {
        for (const { flush } of readings) flush();
      } catch (error) {
        throw isOfIndex(error) ? error.cause : error;
      }
    },
    async stop() {
      end();
      await Promise.all(fillings.map(({ done }) => done));
    },
  };
}

/** What others may do to the reading of one stream. */
interface Reading {
  /** Called after the next look at the stream. */
  waiters: (() => void)[];
  /** Adds what the open batch holds. */
  flush: () => void;
  /** Aborted to have the stream looked at now. */
  nap: AbortController | undefined;
}

interface FillContext extends Pick<FillingOptions, "index" | "log" | "isForgotten"> {
  readonly signal: AbortSignal;
  readonly fail: (error: unknown) => void;
}

function fillFrom(
  bus: Bus,
  source: SearchSource,
  reading: Reading,
  context: FillContext,
): { readonly caughtUp: Promise<void>; readonly done: Promise<void> } {
  const caughtUp = Promise.withResolvers<void>();
  const { signal, log, fail } = context;
  const run = async () => {
    while (!signal.aborted) {
      try {
        const created = await streamCreated(bus, source.stream);
        if (created !== undefined) await follow(bus, source, created, reading, context, caughtUp.resolve);
        caughtUp.resolve();
      } catch (error) {
        if (isOfIndex(error)) return fail(error.cause);
        log.debug(`the search reads ${source.stream} again: ${messageOf(error)}`);
      }
      for (const wake of reading.waiters.splice(0)) wake();
      await napFor(lookAgainMs, reading, signal);
    }
  };
  const done = run().finally(caughtUp.resolve);
  return { caughtUp: caughtUp.promise, done };
}

async function napFor(ms: number, reading: Reading, signal: AbortSignal): Promise<void> {
  if (signal.aborted || reading.waiters.length > 0) return;
  reading.nap = new AbortController();
  await pause(ms, reading.nap.signal);
  reading.nap = undefined;
}

/** An error of the index, and not of the connection to NATS. */
class IndexError extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

function isOfIndex(error: unknown): error is IndexError {
  return error instanceof IndexError;
}

function onIndex<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new IndexError(error);
  }
}

/** Resolves when the signal aborts, or when the stream is no longer the same. */
async function follow(
  bus: Bus,
  source: SearchSource,
  created: string,
  reading: Reading,
  context: FillContext,
  onCaughtUp: () => void,
): Promise<void> {
  const { stream } = source;
  const { index, log, signal } = context;
  const { last_seq } = await readStreamFacts(bus, stream);
  let { seq } = onIndex(() => index.begin(stream, created));
  // A stream that was restored from an older copy has fewer records than were read.
  if (seq > last_seq) {
    log.info(`the search reads ${stream} anew: it ends at ${last_seq}, and was read up to ${seq}`);
    onIndex(() => index.begin(stream, ""));
    seq = onIndex(() => index.begin(stream, created)).seq;
  }
  let tidiedMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const waiters = reading.waiters.splice(0);
    const facts = await readStreamFacts(bus, stream);
    if (performance.now() - tidiedMs >= tidyEveryMs) {
      if ((await streamCreated(bus, stream)) !== created) return;
      onIndex(() => index.dropBefore(stream, facts.first_seq, false));
      onIndex(() => index.keepSmall());
      tidiedMs = performance.now();
    }
    if (facts.last_seq > seq) {
      seq = await readFrom(bus, source, { from: seq + 1, to: facts.last_seq }, reading, context);
    }
    onCaughtUp();
    for (const wake of waiters) wake();
    await napFor(lookEveryMs, reading, signal);
  }
}

/** Adds the records from `from` on. Returns up to where the stream was read. */
async function readFrom(
  bus: Bus,
  { stream, textOf }: SearchSource,
  { from, to }: { readonly from: number; readonly to: number },
  reading: Reading,
  { index, isForgotten, signal }: FillContext,
): Promise<number> {
  const batch = createBatch((entries, upTo) => onIndex(() => index.add(stream, entries, upTo)));
  reading.flush = batch.flush;
  let seq = from - 1;
  for await (const message of readStream(bus, { stream, from })) {
    if (signal.aborted) break;
    const text = textOf(message);
    const entry = text && { ...text, seq: message.seq };
    seq = message.seq;
    batch.add(seq, entry !== undefined && isForgotten(stream, entry) ? undefined : entry);
    if (seq % restEvery === 0) await pause(restMs, signal);
    if (seq % tidyEveryRecords === 0) onIndex(() => index.keepSmall());
  }
  batch.flush();
  if (signal.aborted || seq >= to) return seq;
  // The last records were removed from the stream before they were read.
  onIndex(() => index.add(stream, [], to));
  return to;
}

interface Batch {
  /** @param entry undefined for a record without a text, which counts as read */
  add(seq: number, entry: IndexEntry | undefined): void;
  flush(): void;
}

/** Collects entries, and hands them over when there are enough of them. */
function createBatch(take: (entries: readonly IndexEntry[], upTo: number) => void): Batch {
  let entries: IndexEntry[] = [];
  let upTo = 0;
  let read = 0;
  const flush = () => {
    if (read === 0) return;
    const taken = entries;
    entries = [];
    read = 0;
    take(taken, upTo);
  };
  return {
    add(seq, entry) {
      if (entry !== undefined) entries.push(entry);
      upTo = seq;
      read += 1;
      if (read >= batchRecords) flush();
    },
    flush,
  };
}
