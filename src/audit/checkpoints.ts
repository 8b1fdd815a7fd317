// Writes checkpoints: follows the stream AUDIT, and signs the new records once a second, and whenever 500 have come. Of several
// servers only the leader writes. A checkpoint is stored only if no other was stored since the one that it follows.

import type { ChainHead, Checkpoint, Retention, SignedRecord } from "../domain/audit/audit.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { auditCheckpointSubject, streams } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { type Following, followStream, type StreamMessage } from "../nats/jetstream/follow.ts";
import { readStreamFacts } from "../nats/jetstream/read-stream.ts";
import type { StreamRetention } from "../nats/jetstream/streams.ts";
import { atMost } from "../waiting.ts";
import { type ChainEnd, findChainEnd, headOf, openHeadStore } from "./chain-head.ts";
import type { HeadFile, HeadNote } from "./head-file.ts";
import { digestRecord, type SigningKey, signCheckpoint } from "./signing.ts";

const checkpointEveryMs = 1_000;
const recordsPerCheckpoint = 500;
/** How many records are held while they cannot be signed. After that, they are read from the stream again. */
const recordsHeld = 50_000;
const retryMs = 250;

export interface CheckpointOptions {
  readonly key: SigningKey;
  readonly headFile?: HeadFile | undefined;
  readonly retention: StreamRetention;
  /** Whether this server, of several, is the one that signs. */
  readonly isLeader: () => boolean;
  readonly now: () => Date;
  readonly log: Logger;
}

interface Pending extends SignedRecord {
  readonly isCheckpoint: boolean;
}

/** `stop` signs the records that have come so far, and ends. The bucket `serve` must exist. */
export function startCheckpoints(bus: Bus, options: CheckpointOptions): { stop(): Promise<void> } {
  const stopped = Promise.withResolvers<void>();
  let isStopped = false;
  let told: string | undefined;
  /**
   * Warns once of an error that does not pass by itself, such as the mode of the head file. A CliaiError comes from NATS, and passes: another
   * server was first, or NATS is away.
   */
  const tell = (error: unknown) => {
    const text = `the audit is not signed now: ${messageOf(error)}; it will be tried again`;
    const isNews = !(error instanceof CliaiError) && told !== text;
    options.log[isNews ? "warn" : "debug"](text);
    if (isNews) told = text;
  };
  const chainOptions = {
    ...options,
    onNoted: () => {
      told = undefined;
    },
  };
  const run = async () => {
    while (!isStopped) {
      try {
        if (options.isLeader() && bus.isConnected())
          await writeChain(bus, chainOptions, stopped.promise, () => isStopped);
      } catch (error) {
        tell(error); // and begin again from the present end of the chain
      }
      await atMost(retryMs, stopped.promise);
    }
  };
  const done = run();
  return {
    stop: async () => {
      isStopped = true;
      stopped.resolve();
      await done;
    },
  };
}

/**
 * Signs until this server no longer leads, or is stopped.
 * @throws CliaiError if the stream does not accept a checkpoint
 */
async function writeChain(
  bus: Bus,
  {
    key,
    headFile,
    retention,
    isLeader,
    onNoted,
    now,
    log,
  }: CheckpointOptions & { readonly onNoted: () => void },
  stopped: Promise<void>,
  isStopped: () => boolean,
): Promise<void> {
  const settings = { max_age_s: retention.maxAgeMs / 1_000, max_bytes: retention.maxBytes };
  const store = await openHeadStore(bus);
  let end = await findChainEnd(bus, store);
  const { last_seq } = await readStreamFacts(bus, streams.audit);
  // A stream that was created again counts from 1. Its first checkpoint still follows the last one of the old stream.
  const from = end.head === undefined || end.head.to_seq > last_seq ? 1 : end.head.to_seq + 1;
  const losses = await findLosses(headFile, end.head, now);
  const noteHead = async (head: ChainHead) => {
    await store.write(head);
    await headFile?.write({ head, losses });
    onNoted();
  };
  /** Whether the signed retention settings differ from the present ones. Then the present ones are signed, because they explain removed records. */
  const isOutdated = () => end.retention !== undefined && !isSameSetting(end.retention, settings);
  const pending = collect(bus, from, log);
  let dueAtMs = performance.now() + checkpointEveryMs;
  try {
    while (isLeader()) {
      await atMost(dueAtMs - performance.now(), pending.full(), stopped);
      if (isStopped() && !bus.isConnected()) return;
      const isDue = isStopped() || performance.now() >= dueAtMs;
      const head = end.head;
      const isWorthSigning = () => pending.isWorthSigning() || (isOutdated() && pending.hasAny());
      while (pending.isFull() || (isDue && isWorthSigning())) end = await signNext(pending.take(), end);
      // If retention has left nothing to sign, the new settings are noted with the head only.
      if (isDue && isOutdated() && end.head !== undefined) {
        const noted = await retentionNow();
        end = { ...end, head: { ...end.head, retention: noted }, retention: noted };
      }
      if (isDue) dueAtMs = performance.now() + checkpointEveryMs;
      if (end.head !== undefined && end.head !== head) await noteHead(end.head);
      if (isStopped()) return;
      if (pending.isOverfull()) throw new Error(`${recordsHeld} records wait for a signature`);
    }
  } finally {
    await pending.stop();
  }

  async function signNext(records: readonly Pending[], { head, checkpointSeq }: ChainEnd): Promise<ChainEnd> {
    const checkpoint = signCheckpoint(
      {
        version: 1,
        stream: streams.audit,
        ...describe(records, head),
        retention: await retentionNow(),
        at: now().toISOString(),
      },
      key,
    );
    const { seq } = await bus.publishStored(auditCheckpointSubject, checkpoint, { lastSeq: checkpointSeq });
    return { head: headOf(checkpoint), checkpointSeq: seq, retention: checkpoint.retention };
  }

  async function retentionNow(): Promise<Retention> {
    const { first_seq, bytes } = await readStreamFacts(bus, streams.audit);
    return { first_seq, bytes, ...settings };
  }
}

/** The losses in the head file, and a new one if the head in that file is not part of the chain. */
async function findLosses(
  headFile: HeadFile | undefined,
  end: ChainHead | undefined,
  now: () => Date,
): Promise<HeadNote["losses"]> {
  const noted = await headFile?.read();
  if (noted === undefined) return [];
  const { head, losses } = noted;
  const ended_at = end?.to_seq ?? 0;
  const isInChain = head.to_seq < ended_at || (head.to_seq === ended_at && head.hash === end?.hash);
  if (isInChain) return losses;
  return [...losses, { head, ended_at, found_at: now().toISOString() }];
}

function isSameSetting(one: Retention, other: Pick<Retention, "max_age_s" | "max_bytes">): boolean {
  return one.max_age_s === other.max_age_s && one.max_bytes === other.max_bytes;
}

type Described = Pick<Checkpoint, "from_seq" | "to_seq" | "digests" | "times" | "prev_at_ms" | "prev">;

function describe(records: readonly Pending[], head: ChainHead | undefined): Described {
  return {
    from_seq: records[0]?.seq ?? 0,
    to_seq: records.at(-1)?.seq ?? 0,
    digests: records.map(({ digest }) => digest),
    times: records.map(({ atMs }, index) => atMs - (records[index - 1]?.atMs ?? 0)),
    prev_at_ms: head?.at_ms ?? null,
    prev: head?.hash ?? null,
  };
}

interface Collection {
  /** Resolves when there are enough records for a checkpoint. */
  full(): Promise<void>;
  isFull(): boolean;
  /** Whether there is a record other than a checkpoint. Checkpoints alone are not signed, because each would cause the next. */
  isWorthSigning(): boolean;
  hasAny(): boolean;
  /** Whether records were dropped, because too many waited. They must be read again. */
  isOverfull(): boolean;
  /** Removes and returns the next records, up to the first gap in their sequences. */
  take(): Pending[];
  stop(): Promise<void>;
}

function collect(bus: Bus, from: number, log: Logger): Collection {
  let pending: Pending[] = [];
  let others = 0;
  let fullness = Promise.withResolvers<void>();
  let isOverfull = false;
  const isFull = () => pending.length >= recordsPerCheckpoint && others > 0;
  const add = ({ subject, data, seq, at }: StreamMessage) => {
    isOverfull ||= pending.length >= recordsHeld;
    if (isOverfull) return;
    const isCheckpoint = subject === auditCheckpointSubject;
    pending.push({ seq, atMs: Date.parse(at), digest: digestRecord(subject, data), isCheckpoint });
    if (!isCheckpoint) others += 1;
    if (isFull()) fullness.resolve();
  };
  const following: Following = followStream(bus, { stream: streams.audit, from, log, onMessage: add });
  return {
    full: () => fullness.promise,
    isFull,
    isWorthSigning: () => others > 0,
    hasAny: () => pending.length > 0,
    isOverfull: () => isOverfull,
    take: () => {
      const gap = pending.findIndex(({ seq }, index) => seq !== (pending[0]?.seq ?? 0) + index);
      const count = Math.min(recordsPerCheckpoint, gap === -1 ? pending.length : gap);
      const taken = pending.slice(0, count);
      pending = pending.slice(count);
      others -= taken.filter(({ isCheckpoint }) => !isCheckpoint).length;
      if (!isFull()) fullness = Promise.withResolvers();
      return taken;
    },
    stop: following.stop,
  };
}
