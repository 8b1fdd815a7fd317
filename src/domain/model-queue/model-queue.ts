// This room decides which agent may ask a model server next. All times are parameters, in ms of one clock.
//
// The queue before one model server: the requests that wait, the leases, and what the slots have in their caches. A lease is the right to
// send one request. `grant.ts` decides who gets the next one.

export interface QueuedRequest {
  readonly id: string;
  readonly agent: string;
  readonly isCaptain: boolean;
  /** "" for a server that has one model only, whatever it is asked for. */
  readonly model: string;
  /** How many requests the server works on at the same time, as this request's gate was told. */
  readonly slots: number;
  /** When it began to wait. */
  readonly sinceMs: number;
  /** When its gate was last heard. */
  readonly heardMs: number;
}

export interface Lease extends QueuedRequest {
  /** The slot's number, from 0. Undefined for a request that was sent without the queue: it still occupies the server. */
  readonly slot: number | undefined;
  /** When this queue first knew it as a lease. */
  readonly lentMs: number;
  /** Set while the model server itself calls the slot idle: since when, and when a gate that waits has told it last. */
  readonly idle?: { readonly sinceMs: number; readonly heardMs: number } | undefined;
}

/** What is known of one slot: whose prompt it has in its cache, and how often in a row that agent has used it. */
export interface Slot {
  readonly agent: string;
  readonly model: string;
  readonly inRow: number;
  readonly rowSinceMs: number;
  readonly usedMs: number;
  /** Until then the slot is kept free for its agent, whose next request probably comes at once. */
  readonly keptUntilMs: number;
}

export interface ModelQueue {
  readonly waiting: readonly QueuedRequest[];
  readonly leases: readonly Lease[];
  /** The slots by their numbers; undefined for a slot that was not used yet. */
  readonly slots: readonly (Slot | undefined)[];
  /** The model of the last lease. */
  readonly loaded: { readonly model: string; readonly sinceMs: number } | undefined;
}

export const emptyQueue: ModelQueue = { waiting: [], leases: [], slots: [], loaded: undefined };

/** A gate that waits asks again within this time; if not, it has gone. */
export const waitingGoneAfterMs = 8_000;
/** A gate renews its lease each second. */
export const leaseGoneAfterMs = 5_000;
/**
 * Longer than an answer may take. After this time a lease occupies no slot any more, even if it is renewed, because a program that neither uses nor
 * ends its lease must not make the others wait for ever. With a server that tells its slots, `unusedAfterMs` counts long before.
 */
export const longestLeaseMs = 3_600_000;
/**
 * A lease whose slot the model server calls idle for this long is not used: its request has never begun, or has ended long ago. A gate sends its
 * request as soon as it has the lease, and ends the lease with the answer.
 */
export const unusedAfterMs = 10_000;
/** The first gate in the queue tells every 2 s which slots are idle. After a longer silence nobody knows what they did meanwhile. */
const idleHeardWithinMs = 5_000;
/** A slot is kept free for its agent for this part of the time that reading the prompt again would take, and at most for `mostKeptMs`. */
const keptShare = 0.05;
const mostKeptMs = 2_000;

/** Adds a request, or notes that its gate was heard again. A known request keeps the time at which it began to wait. */
export function ask(queue: ModelQueue, request: QueuedRequest): ModelQueue {
  if (queue.leases.some(({ id }) => id === request.id)) return renew(queue, request.id, request.heardMs);
  const known = queue.waiting.find(({ id }) => id === request.id);
  const others = queue.waiting.filter(({ id }) => id !== request.id);
  const sinceMs = known?.sinceMs ?? request.sinceMs;
  return { ...queue, waiting: [...others, { ...request, sinceMs }] };
}

/**
 * Renews a lease. If the queue does not know it, adds it: another serve has granted the lease, or the gate could not wait for the queue any longer
 * and has sent its request without a lease.
 */
export function hold(queue: ModelQueue, lease: Omit<Lease, "lentMs" | "idle">): ModelQueue {
  if (queue.leases.some(({ id }) => id === lease.id)) return renew(queue, lease.id, lease.heardMs);
  const waiting = queue.waiting.filter(({ id }) => id !== lease.id);
  return lend({ ...queue, waiting }, lease, lease.heardMs);
}

/** @param rereadMs how long the server would need to read the prompt of the ended request again; 0 if that is not known */
export function end(queue: ModelQueue, id: string, nowMs: number, rereadMs = 0): ModelQueue {
  const lease = queue.leases.find((each) => each.id === id);
  const without = {
    ...queue,
    waiting: queue.waiting.filter((each) => each.id !== id),
    leases: queue.leases.filter((each) => each.id !== id),
  };
  const slot = lease?.slot === undefined ? undefined : queue.slots[lease.slot];
  // After `longestLeaseMs` another agent may have the slot.
  if (lease?.slot === undefined || slot?.agent !== lease.agent) return without;
  const keptUntilMs = nowMs + Math.min(mostKeptMs, rereadMs * keptShare);
  return { ...without, slots: queue.slots.with(lease.slot, { ...slot, usedMs: nowMs, keptUntilMs }) };
}

/** What the model server tells of its slots. */
export interface SlotsTold {
  /** The numbers of the slots that it calls idle, and no others. */
  readonly idle: readonly number[];
  /** How many work on a request; undefined if that was not told. */
  readonly busy: number | undefined;
}

/**
 * Notes which slots the model server itself calls idle. A request may be in another slot than its lease says: not every path of the server takes the
 * number of a slot, and the server may have more slots than the queue uses. So no more leases are called idle than are beyond the busy slots.
 */
export function noteIdle(queue: ModelQueue, { idle, busy = 0 }: SlotsTold, nowMs: number): ModelQueue {
  let left = Math.max(0, queue.leases.length - busy);
  const leases = queue.leases.map((lease) => {
    if (left === 0 || lease.slot === undefined || !idle.includes(lease.slot))
      return { ...lease, idle: undefined };
    left -= 1;
    const goesOn = lease.idle !== undefined && nowMs - lease.idle.heardMs < idleHeardWithinMs;
    return { ...lease, idle: { sinceMs: goesOn ? lease.idle.sinceMs : nowMs, heardMs: nowMs } };
  });
  return { ...queue, leases };
}

/** Removes the requests and leases whose gates were not heard in time. */
export function expire(queue: ModelQueue, nowMs: number): ModelQueue {
  const waiting = queue.waiting.filter(({ heardMs }) => nowMs - heardMs < waitingGoneAfterMs);
  const leases = queue.leases.filter(({ heardMs }) => nowMs - heardMs < leaseGoneAfterMs);
  const isSame = waiting.length === queue.waiting.length && leases.length === queue.leases.length;
  return isSame ? queue : { ...queue, waiting, leases };
}

/** Makes a waiting or new request a lease, and notes whose prompt its slot has from now on. */
export function lend(queue: ModelQueue, lease: Omit<Lease, "lentMs" | "idle">, nowMs: number): ModelQueue {
  const { agent, model, slot } = lease;
  const isLoaded = queue.loaded?.model === model;
  return {
    waiting: queue.waiting.filter(({ id }) => id !== lease.id),
    leases: [...queue.leases, { ...lease, lentMs: nowMs }],
    slots: slot === undefined ? queue.slots : withSlot(queue.slots, slot, { agent, model }, nowMs),
    loaded: isLoaded ? queue.loaded : { model, sinceMs: nowMs },
  };
}

function withSlot(
  slots: ModelQueue["slots"],
  index: number,
  { agent, model }: Pick<Slot, "agent" | "model">,
  nowMs: number,
): ModelQueue["slots"] {
  const before = slots[index];
  const goesOn = before?.agent === agent && before.model === model;
  const slot = {
    ...{ agent, model, usedMs: nowMs, keptUntilMs: 0 },
    inRow: goesOn ? before.inRow + 1 : 1,
    rowSinceMs: goesOn ? before.rowSinceMs : nowMs,
  };
  const length = Math.max(slots.length, index + 1);
  return Array.from({ length }, (_, each) => (each === index ? slot : slots[each]));
}

function renew(queue: ModelQueue, id: string, heardMs: number): ModelQueue {
  const leases = queue.leases.map((lease) => (lease.id === id ? { ...lease, heardMs } : lease));
  return { ...queue, leases };
}

/** The leases that occupy a slot. */
export function countingLeases({ leases }: ModelQueue, nowMs: number): readonly Lease[] {
  return leases.filter((lease) => nowMs - lease.lentMs < longestLeaseMs && !isUnused(lease));
}

/** How many slots the server has. If the gates were told different numbers, the smallest counts, because a larger one may be wrong. */
export function slotCount({ waiting, leases }: ModelQueue): number {
  return Math.min(...[...waiting, ...leases].map(({ slots }) => slots));
}

function isUnused({ idle }: Lease): boolean {
  return idle !== undefined && idle.heardMs - idle.sinceMs >= unusedAfterMs;
}
