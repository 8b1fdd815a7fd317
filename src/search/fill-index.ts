// Fills the index from the streams: first what they hold, then what comes. It reads each record once, and keeps at most one batch of them.
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { type Following, followStream, type StreamMessage } from "../nats/jetstream/follow.ts";
import { readStreamFacts, streamCreated } from "../nats/jetstream/read-stream.ts";
import { pause } from "../waiting.ts";
import type { IndexEntry, SearchIndex } from "./search-index.ts";
import type { SearchSource } from "./sources.ts";

/** So many records are added in one transaction, and a single record waits for at most `flushEveryMs`. */
const batchRecords = 250;
const flushEveryMs = 250;
/** How often the index is compared with what the streams still hold, and with its size limit. */
const tidyEveryMs = 10_000;
const tidyEveryRecords = 20_000;
/** How soon a stream that does not exist, or cannot be read now, is looked for again. */
const lookAgainMs = 5_000;

export interface Filling {
  /** Resolves when what the streams held at the start is indexed. */
  readonly caughtUp: Promise<void>;
  /** Adds what was read and is not in the index yet. */
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
  const fail = (error: unknown) => {
    if (hasFailed || ending.signal.aborted) return;
    hasFailed = true;
    ending.abort();
    onFailure(error);
  };
  const flushes = new Set<() => void>();
  const fillings = sources.map((source) =>
    fillFrom(bus, source, { ...options, signal: ending.signal, fail, flushes }),
  );
  return {
    flush: () => {
      for (const flush of flushes) flush();
    },
    caughtUp: Promise.all(fillings.map(({ caughtUp }) => caughtUp)).then(() => undefined),
    async stop() {
      ending.abort();
      await Promise.all(fillings.map(({ done }) => done));
    },
  };
}

interface FillContext extends Pick<FillingOptions, "index" | "log" | "isForgotten"> {
  readonly signal: AbortSignal;
  readonly fail: (error: unknown) => void;
  /** The ways to add what the open batches hold. */
  readonly flushes: Set<() => void>;
}

function fillFrom(
  bus: Bus,
  source: SearchSource,
  context: FillContext,
): { readonly caughtUp: Promise<void>; readonly done: Promise<void> } {
  const caughtUp = Promise.withResolvers<void>();
  const { signal, log, fail } = context;
  const run = async () => {
    while (!signal.aborted) {
      try {
        const created = await streamCreated(bus, source.stream);
        if (created === undefined) caughtUp.resolve();
        else await follow(bus, source, created, context, caughtUp.resolve);
      } catch (error) {
        if (isOfIndex(error)) return fail(error.cause);
        log.debug(`the search reads ${source.stream} again: ${messageOf(error)}`);
      }
      await pause(lookAgainMs, signal);
    }
  };
  const done = run().finally(caughtUp.resolve);
  return { caughtUp: caughtUp.promise, done };
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
  { stream, textOf }: SearchSource,
  created: string,
  { index, isForgotten, log, signal, flushes }: FillContext,
  onCaughtUp: () => void,
): Promise<void> {
  const { first_seq, last_seq } = await readStreamFacts(bus, stream);
  let { seq } = onIndex(() => index.begin(stream, created));
  // A stream that was restored from an older copy has fewer records than were read.
  if (seq > last_seq) {
    log.info(`the search reads ${stream} anew: it ends at ${last_seq}, and was read up to ${seq}`);
    onIndex(() => index.begin(stream, ""));
    seq = onIndex(() => index.begin(stream, created)).seq;
  }
  onIndex(() => index.dropBefore(stream, first_seq, false));
  const broken = Promise.withResolvers<void>();
  let failure: IndexError | undefined;
  const guarded = (work: () => void) => {
    if (failure !== undefined) return;
    try {
      onIndex(work);
    } catch (error) {
      failure = error as IndexError;
      broken.resolve();
    }
  };
  const batch = createBatch((entries, upTo) => guarded(() => index.add(stream, entries, upTo)));
  flushes.add(batch.flush);
  let sinceTidied = 0;
  const following: Following = followStream(bus, {
    stream,
    from: seq + 1,
    log,
    onMessage: (message: StreamMessage) => {
      const text = textOf(message);
      const entry = text && { ...text, seq: message.seq };
      batch.add(message.seq, entry !== undefined && isForgotten(stream, entry) ? undefined : entry);
      sinceTidied += 1;
      if (sinceTidied < tidyEveryRecords) return;
      sinceTidied = 0;
      guarded(() => index.keepSmall());
    },
  });
  void following.caughtUp.then(() => {
    batch.flush();
    onCaughtUp();
  });
  try {
    const ended = new AbortController();
    const end = () => ended.abort();
    signal.addEventListener("abort", end, { once: true });
    void broken.promise.then(end);
    while (!ended.signal.aborted && !signal.aborted) {
      await pause(tidyEveryMs, ended.signal);
      if (ended.signal.aborted || !bus.isConnected()) continue;
      if ((await streamCreated(bus, stream).catch(() => created)) !== created) break;
      const facts = await readStreamFacts(bus, stream).catch(() => undefined); // NATS is away: look again later
      guarded(() => {
        if (facts !== undefined) index.dropBefore(stream, facts.first_seq, false);
        index.keepSmall();
      });
    }
    signal.removeEventListener("abort", end);
  } finally {
    await following.stop();
    batch.flush();
    batch.end();
    flushes.delete(batch.flush);
  }
  if (failure !== undefined) throw failure;
}

/** Collects entries, and hands them over when there are enough of them, or when the first has waited long enough. */
function createBatch(take: (entries: readonly IndexEntry[], upTo: number) => void) {
  let entries: IndexEntry[] = [];
  let upTo = 0;
  let read = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (read === 0) return;
    const taken = entries;
    entries = [];
    read = 0;
    take(taken, upTo);
  };
  return {
    /** @param entry undefined for a record without a text, which counts as read */
    add(seq: number, entry: IndexEntry | undefined) {
      if (entry !== undefined) entries.push(entry);
      upTo = seq;
      read += 1;
      if (read >= batchRecords) flush();
      else timer ??= setTimeout(flush, flushEveryMs);
    },
    flush,
    end: () => clearTimeout(timer),
  };
}
