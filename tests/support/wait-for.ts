// Waiting for a condition with a deadline: what every test uses instead of a sleep. Knows nothing of what is awaited.
import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";

type Truthy<T> = Exclude<T, false | 0 | "" | null | undefined>;

/**
 * How long a test waits for what has to happen. It ends a wait that would never end, and says nothing of how fast anything is: on a busy
 * machine each step may take many times as long. A test that is about time compares two durations of one run (tests/support/quickest.ts).
 */
export const patienceMs = 90_000;

export interface WaitForOptions {
  /** What is awaited, as the failure should name it: "agent ada is online". */
  readonly what: string;
  /** Default {@link patienceMs}. */
  readonly deadlineMs?: number;
  /** Default 20. */
  readonly intervalMs?: number;
  /** The state to show when the deadline passes; without it, the last value of the check. */
  readonly saw?: () => unknown;
}

/**
 * Calls `check` until it gives a truthy value, and returns that. A check that throws counts as "not yet".
 * Fails at the deadline, also when a check never settles, with what it last saw.
 */
export async function waitFor<T>(check: () => T | Promise<T>, options: WaitForOptions): Promise<Truthy<T>> {
  const { what, deadlineMs = patienceMs, intervalMs = 20 } = options;
  let last: unknown = "nothing: the first check did not finish";
  let failure: unknown;
  const over = new AbortController();
  const poll = async (): Promise<Truthy<T> | undefined> => {
    while (!over.signal.aborted) {
      try {
        const value = await check();
        if (value) return value as Truthy<T>;
        last = value;
        failure = undefined;
      } catch (error) {
        last = failure = error;
      }
      await delay(intervalMs);
    }
    return undefined;
  };
  const stopClock = new AbortController();
  const deadline = delay(deadlineMs, undefined, { signal: stopClock.signal }).catch(() => undefined); // aborted: met in time
  const value = await Promise.race([poll(), deadline]);
  over.abort();
  stopClock.abort();
  if (value !== undefined) return value;
  const seen = options.saw ? await options.saw() : last;
  const shown = typeof seen === "string" ? seen : inspect(seen, { depth: 6 });
  throw new Error(`not within ${deadlineMs} ms: ${what}; last saw: ${shown}`, { cause: failure });
}

/** {@link waitFor}, in one line where a test waits for many things. */
export function until<T>(what: string, check: () => T | Promise<T>): Promise<Truthy<T>> {
  return waitFor(check, { what });
}

export interface StaysOptions {
  readonly what: string;
  /** Why a look for so long shows it: what would have happened by then. */
  readonly because: string;
  /** Default 300. */
  readonly forMs?: number;
  /** Default 10. */
  readonly lookEveryMs?: number;
}

/** Shows that nothing happens: fails as soon as `holds` is false, and resolves when it was true at every look for `forMs`. */
export async function stays(
  holds: () => boolean,
  { what, because, forMs = 300, lookEveryMs = 10 }: StaysOptions,
): Promise<void> {
  const endMs = performance.now() + forMs;
  for (;;) {
    if (!holds())
      throw new Error(`it did not stay so: ${what} (looked at for ${forMs} ms, because ${because})`);
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) return;
    await delay(Math.min(leftMs, lookEveryMs));
  }
}

/** Shows that a promise does not settle: fails as soon as it does. */
export async function staysPending(promise: Promise<unknown>, options: StaysOptions): Promise<void> {
  let isPending = true;
  const settle = () => {
    isPending = false;
  };
  promise.then(settle, settle);
  await stays(() => isPending, options);
}
