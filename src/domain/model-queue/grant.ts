// Decides who gets the next lease of a model server: captains first, then whoever has waited longest. A request goes before others of the same
// role if a free slot still has its agent's prompt in the cache, but only `mostInRow` times and for `longestRowMs`.
import {
  countingLeases,
  type Lease,
  lend,
  longestLeaseMs,
  type ModelQueue,
  type QueuedRequest,
  type Slot,
  slotCount,
} from "./model-queue.ts";

/** How often in a row, and for how long, an agent may go first because a slot has its prompt in the cache. */
export const mostInRow = 3;
export const longestRowMs = 30_000;
/** How long requests for another model wait while there are requests for the loaded model. After that, the server has to swap its model. */
export const swapAfterMs = 60_000;

export interface Granted {
  readonly queue: ModelQueue;
  readonly granted: readonly Lease[];
}

/** Grants all leases that can be granted now. */
export function grant(before: ModelQueue, nowMs: number): Granted {
  let queue = before;
  const granted: Lease[] = [];
  for (;;) {
    const choice = chooseNext(queue, nowMs);
    if (choice === undefined) return { queue, granted };
    const lease = { ...choice.request, slot: choice.slot, lentMs: nowMs };
    queue = lend(queue, lease, nowMs);
    granted.push(lease);
  }
}

/** The next time at which {@link grant} may decide differently although nothing else has happened; undefined if there is none. */
export function nextChangeMs(queue: ModelQueue, nowMs: number): number | undefined {
  if (queue.waiting.length === 0) return undefined;
  const { loaded, leases } = queue;
  const kept = freeSlots(queue, nowMs).map((slot) => queue.slots[slot]?.keptUntilMs ?? 0);
  const swaps = queue.waiting
    .filter(({ model }) => loaded !== undefined && model !== loaded.model)
    .map(({ sinceMs }) => Math.max(sinceMs, loaded?.sinceMs ?? 0) + swapAfterMs);
  const overdue = leases.map(({ lentMs }) => lentMs + longestLeaseMs);
  const coming = [...kept, ...swaps, ...overdue].filter((ms) => ms > nowMs);
  return coming.length === 0 ? undefined : Math.min(...coming);
}

/** The place of a request among those that wait, from 1; 0 if it does not wait. Another one may still go first, if a slot has its prompt cached. */
export function placeOf({ waiting }: ModelQueue, id: string): number {
  return waiting.toSorted(byRank).findIndex((request) => request.id === id) + 1;
}

interface Choice {
  readonly request: QueuedRequest;
  readonly slot: number;
}

function chooseNext(queue: ModelQueue, nowMs: number): Choice | undefined {
  const free = freeSlots(queue, nowMs);
  if (free.length === 0) return undefined;
  const ranked = ofRunnableModel(queue, nowMs).toSorted(byRank);
  const [first] = ranked;
  if (first === undefined) return undefined;
  for (const request of ranked) {
    if (request.isCaptain !== first.isCaptain) break;
    const slot = free.find((each) => mayGoFirst(queue.slots[each], request, nowMs));
    if (slot !== undefined) return { request, slot };
  }
  const slot = slotFor(first, queue, free, nowMs);
  return slot === undefined ? undefined : { request: first, slot };
}

/**
 * The slot that has the prompt of the request's agent in its cache; otherwise the slot that was not used for the longest time. Only a captain gets
 * a slot that is kept for another agent.
 */
function slotFor(
  request: QueuedRequest,
  { slots }: ModelQueue,
  free: readonly number[],
  nowMs: number,
): number | undefined {
  const own = free.find((each) => isOf(slots[each], request));
  if (own !== undefined) return own;
  const open = free.filter((each) => request.isCaptain || !isKept(slots[each], nowMs));
  return open.toSorted((a, b) => (slots[a]?.usedMs ?? 0) - (slots[b]?.usedMs ?? 0))[0];
}

function byRank(one: QueuedRequest, other: QueuedRequest): number {
  return Number(other.isCaptain) - Number(one.isCaptain) || one.sinceMs - other.sinceMs;
}

/** The numbers of the free slots. A lease without a slot also occupies one, and it does not matter which. */
function freeSlots(queue: ModelQueue, nowMs: number): number[] {
  if (queue.waiting.length === 0) return [];
  const count = slotCount(queue);
  const leases = countingLeases(queue, nowMs);
  const taken = new Set(leases.map(({ slot }) => slot));
  const free = Array.from({ length: count }, (_, slot) => slot).filter((slot) => !taken.has(slot));
  return free.slice(0, Math.max(0, count - leases.length));
}

/**
 * The requests that may go to the server now: its model must not be swapped while an agent uses it. As long as requests wait for the loaded model,
 * the model stays. But once a request has waited for another model for `swapAfterMs`, no more requests for the loaded model begin. When the server
 * has no request left, the model is swapped.
 */
function ofRunnableModel(queue: ModelQueue, nowMs: number): readonly QueuedRequest[] {
  const { waiting, loaded } = queue;
  if (loaded === undefined) return waiting;
  const others = waiting.filter(({ model }) => model !== loaded.model);
  if (others.length === 0) return waiting;
  const isDue = others.some(({ sinceMs }) => nowMs - Math.max(sinceMs, loaded.sinceMs) >= swapAfterMs);
  const same = waiting.filter(({ model }) => model === loaded.model);
  if (same.length > 0 && !isDue) return same;
  return countingLeases(queue, nowMs).length > 0 ? [] : others;
}

function isOf(slot: Slot | undefined, { agent, model }: QueuedRequest): boolean {
  return slot?.agent === agent && slot.model === model;
}

function mayGoFirst(slot: Slot | undefined, request: QueuedRequest, nowMs: number): boolean {
  return isOf(slot, request) && hasRowLeft(slot, nowMs);
}

function hasRowLeft(slot: Slot | undefined, nowMs: number): boolean {
  return slot !== undefined && slot.inRow < mostInRow && nowMs - slot.rowSinceMs < longestRowMs;
}

function isKept(slot: Slot | undefined, nowMs: number): boolean {
  return slot !== undefined && slot.keptUntilMs > nowMs && hasRowLeft(slot, nowMs);
}
