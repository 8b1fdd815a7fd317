// This room updates the open pages that report: timeline, messages, costs, rules, system.
//
// Reads a report again while its page is open, and adds what has changed to the page's patches. Nothing is read without an open page, nor
// while nothing has happened; and an open page reads once in `everyMs` at most.
import type { Logger } from "../../../log.ts";
import type { Caller } from "../../access/caller.ts";
import type { StreamSource } from "../../api/event-stream.ts";
import { createChangedParts, type Part } from "../changed-parts.ts";

export interface ReportReading {
  /** Makes the parts of the page anew. */
  readonly read: () => Promise<readonly Part[]>;
  readonly everyMs: number;
  /** Returns another value whenever the parts may have changed. */
  readonly version: () => unknown;
  /**
   * The version of which the page itself was made; undefined if that is not known. Not the one of a later patch: what a patch of another
   * stream had may never have been applied.
   */
  readonly madeOf?: unknown;
}

export interface LiveReport {
  /** The markup of what has changed since the last call. */
  take(): readonly string[];
  /** Calls `wake` when a reading has found a change. Returns the function that ends that. */
  watch(wake: () => void): () => void;
}

export interface LiveReportOptions {
  /** Whoever looks at the page. */
  readonly viewer?: Caller;
  /** A clock in ms that only goes forward. */
  readonly nowMs: () => number;
  readonly log: Pick<Logger, "debug">;
}

export function createLiveReport(
  { read, everyMs, version, madeOf }: ReportReading,
  { viewer, nowMs, log }: LiveReportOptions,
): LiveReport {
  const changed = createChangedParts(viewer);
  let known = madeOf;
  let readAtMs = nowMs();
  let isReading = false;
  let waiting: string[] = [];
  let wake = () => {};

  const readAgain = async (present: unknown) => {
    isReading = true;
    try {
      const parts = await read();
      // Only now, because `waiting` may have been taken meanwhile.
      waiting = [...waiting, ...changed.take(parts)];
      known = present;
      if (waiting.length > 0) wake();
    } catch (error) {
      // NATS is away, which the page says at its top. The next look reads again.
      log.debug(`an open page could not be updated: ${error}`);
    } finally {
      isReading = false;
      readAtMs = nowMs();
    }
  };
  return {
    take() {
      if (!isReading && nowMs() - readAtMs >= everyMs) {
        const present = version();
        if (present !== known) void readAgain(present);
      }
      const taken = waiting;
      waiting = [];
      return taken;
    },
    watch(onChange) {
      wake = onChange;
      return () => {
        wake = () => {};
      };
    },
  };
}

/** The same stream, with the parts of the report in its patches. */
export function withReport(source: StreamSource, report: LiveReport, now: () => Date): StreamSource {
  return {
    next() {
      const events = source.next();
      const own = report.take();
      if (own.length === 0) return events;
      const patch = events.find(({ event }) => event === "patch");
      const before = (patch?.data ?? { html: [] }) as { readonly html: readonly string[] };
      const data = { ...before, now: now().toISOString(), html: [...before.html, ...own] };
      // Without an id, the browser keeps the position in the fleet's history that it has.
      return [...events.filter((each) => each !== patch), { ...patch, event: "patch", data }];
    },
    watch(wake) {
      const stops = [source.watch(wake), report.watch(wake)];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
