// The lease: of several serves, its holder alone writes what only one serve may write. The lease is the key `lease` in the
// bucket `serve`. Its holder writes it each second; if it stays unchanged for 3 s, another serve may take it. Each serve
// measures that time itself, so no two clocks are compared.

import * as v from "valibot";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { buckets } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { type Bucket, openBucket } from "../nats/jetstream/bucket.ts";
import { atMost } from "../waiting.ts";

const leaseKey = "lease";
const renewEveryMs = 1_000;
const lookEveryMs = 500;
/** How long the holder trusts its lease, counted from before it asked for the renewal, so that it stops before another serve may take it. */
const heldForMs = 2_500;
const takenAfterMs = 3_000;
const tellEveryMs = 100;

export interface Lease {
  /** Whether this serve holds the lease at this moment, and so is the one that writes. */
  isLeader(): boolean;
  /** Calls the listener at each gain and loss. Returns a function that removes it. */
  onChange(listener: (isLeader: boolean) => void): () => void;
  /** Why the store refused the last write of the lease; undefined if it accepted it. */
  trouble(): CliaiError | undefined;
  /** Gives the lease up, so that another serve can take it at once. */
  stop(): Promise<void>;
}

export interface LeaseOptions {
  readonly instance: string;
  readonly replicas: number;
  readonly log: Logger;
}

const LeaseSchema = v.object({ instance: v.string(), released: v.optional(v.boolean()) });
type LeaseValue = Readonly<v.InferOutput<typeof LeaseSchema>>;

/** Resolves when this serve holds the lease, or has seen that another serve does. */
export async function startLease(bus: Bus, { instance, replicas, log }: LeaseOptions): Promise<Lease> {
  const bucket = await openBucket(bus, buckets.serve, { replicas });
  const listeners = new Set<(isLeader: boolean) => void>();
  const stopped = Promise.withResolvers<void>();
  let isStopped = false;
  /** The revision of our own last renewal; undefined while another holds it, or an answer was lost. */
  let held: number | undefined;
  let heldUntilMs = 0;
  let seen: { readonly revision: number; readonly atMs: number } | undefined;
  let told = false;
  let trouble: CliaiError | undefined;

  const isLeader = () => !isStopped && performance.now() < heldUntilMs;
  const tell = () => {
    if (told === isLeader()) return;
    told = !told;
    log.info(told ? "this serve leads" : "this serve does not lead");
    for (const listener of listeners) listener(told);
  };
  const renewOrTake = async () => {
    const askedAtMs = performance.now();
    const last = held ?? (await findFree());
    if (last === undefined) return;
    held = undefined;
    const revision = await write(bucket, { instance }, last);
    held = revision;
    // If another serve was faster, the lease is that one's from now on.
    heldUntilMs = revision === undefined ? 0 : askedAtMs + heldForMs;
  };
  /** The revision to overwrite, 0 for none; undefined while another serve holds the lease. */
  const findFree = async () => {
    const entry = await bucket.entry(leaseKey);
    if (entry === undefined) return 0;
    const { revision } = entry;
    if (revision !== seen?.revision) seen = { revision, atMs: performance.now() };
    const lease = v.safeParse(LeaseSchema, entry.value);
    // The value is not a lease, so nobody holds it.
    if (!lease.success) return revision;
    const { instance: holder, released } = lease.output;
    // If we are the holder, our own renewal was stored, and its answer was lost.
    const isFree = released === true || holder === instance || performance.now() - seen.atMs > takenAfterMs;
    return isFree ? revision : undefined;
  };
  const stepAndTell = async () => {
    try {
      await renewOrTake();
      trouble = undefined;
    } catch (error) {
      trouble = error instanceof CliaiError ? error : undefined;
      log.debug(`the lease: ${messageOf(error)}`);
    }
    tell();
  };
  const run = async () => {
    while (!isStopped) {
      await atMost(held === undefined ? lookEveryMs : renewEveryMs, stopped.promise);
      if (!isStopped && bus.isConnected()) await stepAndTell();
    }
  };

  await stepAndTell();
  const done = run();
  const watch = setInterval(tell, tellEveryMs);
  return {
    isLeader,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    trouble: () => trouble,
    async stop() {
      clearInterval(watch);
      const wasHeld = isLeader();
      isStopped = true;
      stopped.resolve();
      await done;
      if (!wasHeld || held === undefined || !bus.isConnected()) return;
      await write(bucket, { instance, released: true }, held).catch((error: unknown) =>
        log.debug(`the lease is not given up: ${messageOf(error)}`),
      );
    },
  };
}

function write(bucket: Bucket, value: LeaseValue, revision: number): Promise<number | undefined> {
  return revision === 0 ? bucket.create(leaseKey, value) : bucket.replace(leaseKey, value, revision);
}
