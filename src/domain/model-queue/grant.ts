// Decides who gets the next lease of a model server: captains first, then whoever has waited longest. Of requests with the same rank, one
// whose prompt a free slot still has in its cache goes first, but not for ever.
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

/** An agent goes first for its warm slot at most so often, and for so long. */
export const mostInRow = 3;
export const longestRowMs = 30_000;
/** While agents wait for the loaded model, others wait for theirs, but no longer than this: then the server has to swap. */
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

/** When a decision may come out differently although nothing has happened meanwhile; undefined if never. */
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

/** The place of a request among those that wait, from 1; 0 if it does not wait. A warm slot may let another one go first. */
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

/** Its own slot, else the one that nobody has used for longest; not one that is kept for its agent, except for a captain. */
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

/** The numbers of the slots that no lease occupies. A lease without a slot occupies any. */
function freeSlots(queue: ModelQueue, nowMs: number): number[] {
  if (queue.waiting.length === 0) return [];
  const count = slotCount(queue);
  const leases = countingLeases(queue, nowMs);
  const taken = new Set(leases.map(({ slot }) => slot));
  const free = Array.from({ length: count }, (_, slot) => slot).filter((slot) => !taken.has(slot));
  return free.slice(0, Math.max(0, count - leases.length));
}

/**
 * The requests that the server can take without a swap of its model under another agent. While anybody waits for the loaded model, it stays;
 * but if somebody has waited for another one for `swapAfterMs`, no more requests for the loaded one begin, and then it is swapped.
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
