// Counts what happens in the queues before model servers, for `/metrics`. It makes plain data; the reader formats it.

import { type ModelQueue, slotCount } from "../../domain/model-queue/model-queue.ts";
import { type Distribution, emptyDistribution, withMeasurement } from "../../domain/system/distribution.ts";

/** What a serve knows of one model server's queue. The counts grow from the start of this serve. */
export interface QueueFigures {
  /** The server's name in the queue. */
  readonly server: string;
  /** The number of slots, as the gates told it last; undefined if this serve does not lead. */
  readonly slots: number | undefined;
  /** How many leases there are now, and how many requests wait. 0 if this serve does not lead. */
  readonly leases: number;
  readonly waiting: number;
  /** How long the requests have waited that were granted a lease, in seconds. */
  readonly waits: Distribution;
  /** How many requests were sent without the queue, as their gates have told afterwards. */
  readonly unqueued: number;
  /** How many leases were taken back, because their gates were not heard any more. */
  readonly lost: number;
}

/** In seconds: by factor 2, up to the half hour for which an agent CLI waits. */
const waitBoundsS = [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048] as const;

/** Agents name the servers, so their number has a bound. Later ones are not counted. */
const mostServers = 256;

export interface QueueCounts {
  granted(server: string, waitedMs: number): void;
  unqueued(server: string): void;
  lost(server: string, leases: number): void;
  /** Notes how many slots the server has. */
  seen(server: string, queue: ModelQueue): void;
  /** @param queues those that this serve keeps now */
  figures(queues: ReadonlyMap<string, ModelQueue>, isLeader: boolean): QueueFigures[];
}

interface Counts {
  slots: number | undefined;
  waits: Distribution;
  unqueued: number;
  lost: number;
}

export function createQueueCounts(): QueueCounts {
  const counts = new Map<string, Counts>();
  const countsOf = (server: string): Counts => {
    const known = counts.get(server);
    if (known !== undefined) return known;
    const fresh = {
      ...{ slots: undefined, waits: emptyDistribution(waitBoundsS), unqueued: 0, lost: 0 },
    };
    if (counts.size < mostServers) counts.set(server, fresh);
    return fresh;
  };
  return {
    granted(server, waitedMs) {
      const of = countsOf(server);
      of.waits = withMeasurement(of.waits, waitedMs / 1_000);
    },
    unqueued(server) {
      countsOf(server).unqueued += 1;
    },
    lost(server, leases) {
      if (leases > 0) countsOf(server).lost += leases;
    },
    seen(server, queue) {
      if (queue.waiting.length + queue.leases.length > 0) countsOf(server).slots = slotCount(queue);
    },
    figures: (queues, isLeader) =>
      [...counts].map(([server, { slots, waits, unqueued, lost }]) => {
        const { leases = [], waiting = [] } = queues.get(server) ?? {};
        return {
          ...{ server, slots: isLeader ? slots : undefined, leases: leases.length, waiting: waiting.length },
          ...{ waits, unqueued, lost },
        };
      }),
  };
}
