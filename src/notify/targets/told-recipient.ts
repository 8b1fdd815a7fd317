// Makes the recipient that is told together of what has come since it was told last, and again until it has taken it; not in its quiet hours.
import { createHash } from "node:crypto";
import { isKindWanted, type Notice } from "../../domain/notices/notice.ts";
import type { Notices } from "../../domain/notices/notices-words.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { ServerInside } from "../../server/start/server-options.ts";
import { pause } from "../../waiting.ts";
import type { Failures } from "../failures.ts";
import { createHeldNotices, type InFront } from "../in-front.ts";
import type { NamedRecipient } from "../recipients.ts";
import type { Records } from "../records.ts";
import { NotTaken } from "./not-taken.ts";
import type { Target } from "./notify-file.ts";
import { quietForMs } from "./quiet-hours.ts";

const firstWaitMs = 1_000;
const longestWaitMs = 300_000;
/** How often what a receiver calls invalid is sent to it. After that it is dropped, because it would hold up all that follows. */
const finalTries = 3;
/** Quiet hours are looked at again after this time at the latest, because a clock may be set. */
const lookAgainMs = 600_000;
const toldAtOnce = 100;

export interface ToldFacts extends Pick<Target, "name" | "on" | "in_front" | "quiet" | "every_s"> {
  /** The name of its durable consumer. */
  readonly consumer: string;
  /** Changes with each of its settings. */
  readonly fingerprint: string;
}

export interface ToldContext extends Pick<ServerInside, "now" | "log"> {
  /** @throws NotTaken */
  readonly post: (notices: Notices, signal: AbortSignal) => Promise<void>;
  /** Whether a page of the dashboard is in front of a person. */
  readonly inFront: Pick<InFront, "isNow" | "usedMs">;
  /** Whether what a notice is about still is. */
  readonly stands: (notice: Notice) => boolean;
  readonly failures: Failures;
  readonly records: Pick<Records, "told" | "failed" | "dropped">;
  /** How long to wait before the next try, in ms; default: 1 s, then twice as long each time, up to 5 minutes. */
  readonly waitMs?: ((tries: number) => number) | undefined;
}

export function toldRecipient(facts: ToldFacts, context: ToldContext): NamedRecipient {
  const { post, failures, records, now, log, waitMs = standardWaitMs } = context;
  const { name, on, in_front, quiet, every_s, consumer, fingerprint } = facts;
  const held = in_front === "hold" ? createHeldNotices(context.inFront, context.stands) : undefined;
  let toldMs = Number.NEGATIVE_INFINITY;
  /** Resolves to why it did not work; undefined if it did. */
  const attempt = async (notices: Notices, signal: AbortSignal): Promise<NotTaken | undefined> => {
    try {
      await post(notices, signal);
      failures.set(name, undefined);
      records.told(consumer);
      return undefined;
    } catch (error) {
      const failure = error instanceof NotTaken ? error : new NotTaken(messageOf(error));
      if (signal.aborted) return failure;
      failures.set(name, failure.message);
      records.failed(consumer, failure.message);
      return failure;
    }
  };
  /** Resolves when they are taken, or to the refusal if they were called invalid so often. */
  const tell = async (notices: Notices, signal: AbortSignal, refusals: number) => {
    let refused = 0;
    for (let tries = 1; !signal.aborted; tries += 1) {
      const failure = await attempt(notices, signal);
      toldMs = performance.now();
      if (failure === undefined || signal.aborted) return undefined;
      refused += failure.isFinal ? 1 : 0;
      if (failure.isFinal && refused >= refusals) return failure;
      await pause(Math.max(failure.waitMs ?? 0, waitMs(tries)), signal);
    }
    return undefined;
  };
  return {
    consumer,
    fingerprint,
    isWanted: ({ kind }) => isKindWanted(on, kind),
    atOnce: toldAtOnce,
    async whenReady(signal) {
      await pause(Math.max(0, toldMs + every_s * 1_000 - performance.now()), signal);
      for (;;) {
        const leftMs = quiet === undefined ? 0 : quietForMs(quiet, now());
        if (leftMs === 0 || signal.aborted) return;
        await pause(Math.min(leftMs, lookAgainMs), signal);
      }
    },
    decide: held?.decide,
    async take(notices, signal) {
      const refusal = await tell(notices, signal, finalTries);
      if (refusal === undefined) return;
      // One of them may be at fault: each is told alone, so that the others are not lost with it.
      for (const notice of notices) {
        const final = notices.length === 1 ? refusal : await tell([notice], signal, 1);
        if (signal.aborted) return;
        if (final === undefined) continue;
        log.warn(`${consumer}: the notice ${notice.notice_id} is dropped: ${final.message}`);
        records.dropped(consumer, 1);
      }
    },
  };
}

function standardWaitMs(tries: number): number {
  return Math.min(firstWaitMs * 2 ** (tries - 1), longestWaitMs) * (0.8 + 0.4 * Math.random());
}

/** The id of a single notice; for several the same for the same ones. */
export function deliveryId(notices: Notices): string {
  const [first, ...others] = notices;
  if (others.length === 0) return first.notice_id;
  const ids = notices.map(({ notice_id }) => notice_id).join(" ");
  return `group_${createHash("sha256").update(ids).digest("hex").slice(0, 32)}`;
}
