// Gives notices to one recipient, in their order: those that its durable consumer delivers, so that none is lost over a restart of serve. Each
// is acknowledged when the recipient is through with it, so that it comes again if serve is killed before that.
import { type Notice, NoticeSchema } from "../domain/notices/notice.ts";
import type { Notices } from "../domain/notices/notices-words.ts";
import { messageOf } from "../domain/text/errors.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { streams } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { consumeDurable, type Delivered } from "../nats/jetstream/follow.ts";
import { ensureNoticeConsumer } from "../nats/jetstream/notice-consumers.ts";
import { atMost, pause } from "../waiting.ts";

/** How many sequences are remembered, whose acknowledgement may have been lost. */
const remembered = 5_000;
const askAgainMs = 500;

export interface Recipient {
  /** The name of its durable consumer. */
  readonly consumer: string;
  readonly isWanted: (notice: Notice) => boolean;
  /** How many notices it takes at once. */
  readonly atOnce: number;
  /** Resolves when it may be told. What has come by then is told together. */
  readonly whenReady: (signal: AbortSignal) => Promise<void>;
  /**
   * What is to become of a notice when the recipient may be told: `tell` it, let it `wait`, or nothing any more (`over`). Default: `tell`. It is
   * asked again each half second while the notice waits. If it throws, the notice is told.
   * @param cameMs when the notice came, of the steady clock
   */
  readonly decide?: ((notice: Notice, cameMs: number) => "tell" | "wait" | "over") | undefined;
  /** Resolves when it is through with the notices. A rejection counts as that, too, unless the signal has aborted. */
  readonly take: (notices: Notices, signal: AbortSignal) => Promise<void>;
}

export interface NoticeFollowing {
  /** Resolves when the consumer is there, or after 5 s. */
  readonly ready: Promise<void>;
  /** How many notices wait to be taken. */
  waiting(): number;
  stop(): Promise<void>;
}

interface Waiting extends Pick<Delivered, "ack" | "giveBack"> {
  readonly notice: Notice;
  /** When it came first, of the steady clock. */
  readonly sinceMs: number;
}

/** A notice that waits is delivered again at least so often, so that the next serve has it by then if this one is killed. */
const longestHeldMs = 600_000;

/** @param ackWaitMs how long a new consumer waits for an acknowledgement; default 10 s */
export function followNotices(
  bus: Bus,
  recipient: Recipient,
  log: Logger,
  ackWaitMs?: number,
): NoticeFollowing {
  const { consumer, isWanted } = recipient;
  const waiting = new Map<number, Waiting>();
  const through = new Set<number>();
  const stopping = new AbortController();
  const { signal } = stopping;
  const made = Promise.withResolvers<void>();
  let wake = Promise.withResolvers<void>();

  const ack = (seq: number, message: Pick<Delivered, "ack">) => {
    through.add(seq);
    const [oldest] = through;
    if (through.size > remembered && oldest !== undefined) through.delete(oldest);
    // If it is lost, the notice is delivered again, and then acknowledged again.
    message.ack().catch((error: unknown) => log.debug(`${consumer}: ${messageOf(error)}`));
  };
  const consuming = consumeDurable(
    bus,
    { stream: streams.notices, consumer },
    {
      ensure: async () => {
        await ensureNoticeConsumer(bus, consumer, ackWaitMs);
        made.resolve();
      },
      onMessage: (message) => {
        const notice = noticeIn(message.data);
        if (notice === undefined || through.has(message.seq) || !isWanted(notice)) {
          ack(message.seq, message);
          return;
        }
        const { ack: acknowledge, giveBack, hold } = message;
        const known = waiting.get(message.seq);
        const sinceMs = known?.sinceMs ?? performance.now();
        waiting.set(message.seq, { notice, ack: acknowledge, giveBack, sinceMs });
        // It waits, because the recipient is away or asleep: it need not come again each few seconds. If this serve is killed, the next one gets
        // it after at most as long as it has waited.
        if (known !== undefined) hold(Math.min(performance.now() - sinceMs, longestHeldMs));
        wake.resolve();
      },
      log,
    },
  );
  const finish = (seq: number) => {
    const message = waiting.get(seq);
    waiting.delete(seq);
    if (message !== undefined) ack(seq, message);
  };
  const tellNext = async () => {
    await recipient.whenReady(signal);
    if (signal.aborted) return;
    const { due: seqs, over } = sortWaiting(waiting, recipient, log);
    for (const seq of over) finish(seq);
    const [first, ...others] = seqs.flatMap((seq) => waiting.get(seq)?.notice ?? []);
    if (first === undefined) {
      if (waiting.size > 0) await pause(askAgainMs, signal);
      return;
    }
    const taking = recipient.take([first, ...others], signal);
    await taking.catch((error: unknown) => log.debug(`${consumer}: ${messageOf(error)}`));
    if (signal.aborted) return;
    for (const seq of seqs) finish(seq);
  };
  const run = async () => {
    while (!signal.aborted) {
      if (waiting.size > 0) await tellNext();
      else {
        await wake.promise;
        wake = Promise.withResolvers();
      }
    }
  };
  const done = run();
  return {
    ready: atMost(5_000, made.promise),
    waiting: () => waiting.size,
    async stop() {
      stopping.abort();
      wake.resolve();
      await Promise.all([consuming.stop(), done]);
      // The next serve gets them at once, and need not wait until their acknowledgements are overdue.
      for (const { giveBack } of waiting.values()) giveBack();
    },
  };
}

/** The sequences of those that are to be told now, and of those that are through without that. */
function sortWaiting(
  waiting: ReadonlyMap<number, Waiting>,
  recipient: Recipient,
  log: Logger,
): { readonly due: readonly number[]; readonly over: readonly number[] } {
  // Those that were given back may come after younger ones.
  const all = [...waiting].sort(([a], [b]) => a - b);
  const [due, over]: [number[], number[]] = [[], []];
  for (const [seq, { notice, sinceMs }] of all) {
    if (due.length === recipient.atOnce) break;
    const what = decideOn(notice, sinceMs, recipient, log);
    if (what === "tell") due.push(seq);
    else if (what === "over") over.push(seq);
  }
  return { due, over };
}

/** Told once more than needed is better than not at all. */
function decideOn(notice: Notice, cameMs: number, { consumer, decide }: Recipient, log: Logger) {
  try {
    return decide?.(notice, cameMs) ?? "tell";
  } catch (error) {
    log.warn(`${consumer}: told of ${notice.notice_id}, which may have been seen: ${messageOf(error)}`);
    return "tell";
  }
}

/** Undefined for a message that is no notice; something else wrote it. */
function noticeIn(data: Uint8Array): Notice | undefined {
  try {
    return decodeMessage(NoticeSchema, data);
  } catch {
    return undefined;
  }
}
