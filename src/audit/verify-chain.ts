// Verifies the checkpoints themselves: each is intact, is signed by a trusted key, and follows the one before.
import { type ChainHead, type Checkpoint, isDueToRetention, isWellFormed } from "../domain/audit/audit.ts";
import type { StreamMessage } from "../nats/jetstream/follow.ts";
import type { AuditSource } from "./audit-source.ts";
import { readCheckpoint } from "./chain-head.ts";
import type { Finding, Reporter } from "./findings.ts";
import { isIntact } from "./signing.ts";

export interface ChainStep {
  readonly checkpoint: Checkpoint;
  /** Whether it goes on where the one before ended; otherwise records in between are nobody's. */
  readonly follows: boolean;
  /** Whether a finding says already why it does not follow. */
  readonly isExplained: boolean;
}

/** What is missing at the beginning, and why that is no tampering. */
export interface Gap {
  readonly to_seq: number;
  readonly last_at: string;
  readonly why: "retention" | "export";
}

export interface Chain {
  /** Undefined for a checkpoint that proves nothing. */
  take(message: StreamMessage): ChainStep | undefined;
  /** Compares the end of the chain with what was noted outside of the stream. */
  checkEnd(): void;
  /** Why all up to `toSeq` is not there, the last of it stored at `lastAtMs`; reported where nothing accounts for it. */
  judgeGap(toSeq: number, lastAtMs: number): Gap | undefined;
  last(): Checkpoint | undefined;
  /** The keys that signed, trusted or not. */
  keys(): string[];
  count(): number;
}

export function createChain(source: AuditSource, trustedKeys: readonly string[], report: Reporter): Chain {
  const keys = new Set<string>();
  /** Each checkpoint with which the beginning of the stream had moved on: the first ones that saw retention at work. */
  const trims: Pick<Checkpoint, "retention" | "at">[] = [];
  let previous: Checkpoint | undefined;
  let isBroken = false;
  /** Whether what was noted outside of the store is not what the chain has in its place. */
  let isReplaced = false;
  let count = 0;

  const accuse = (kind: Finding["kind"], { seq, at }: StreamMessage, what: string) => {
    report.other({ kind, seq, at, message: `checkpoint ${seq}, stored ${at}, ${what}` });
    isBroken = true;
  };
  const isTrusted = ({ public_key }: Checkpoint) => {
    const [first] = keys;
    return trustedKeys.length > 0 ? trustedKeys.includes(public_key) : (first ?? public_key) === public_key;
  };

  return {
    take(message) {
      count += 1;
      const checkpoint = readCheckpoint(message.data);
      if (checkpoint === undefined || !isWellFormed(checkpoint) || !isIntact(checkpoint)) {
        const what = "is not as it was signed: what it vouched for cannot be judged";
        accuse("checkpoint_altered", message, what);
        return undefined;
      }
      const { public_key, from_seq, prev, retention, at } = checkpoint;
      const isKnown = keys.has(public_key);
      const trusted = isTrusted(checkpoint);
      keys.add(public_key);
      if (!trusted) {
        if (!isKnown)
          accuse("foreign_key", message, `and maybe more, is signed by another key: ${public_key}`);
        isBroken = true;
        return undefined;
      }
      const expected = previous === undefined ? undefined : previous.to_seq + 1;
      const follows = prev === (previous?.hash ?? null);
      const isExplained = isBroken || (previous !== undefined && !follows);
      if (previous !== undefined && !follows && !isBroken) {
        accuse("checkpoint_missing", message, missingWords(previous.to_seq + 1, from_seq));
      }
      // Gone before they could be signed: by retention, where the server saw that, or by someone's hand.
      if (follows && expected !== undefined && from_seq > expected && retention.first_seq < from_seq) {
        report.row("removed", expected, from_seq - 1, undefined);
      }
      if (retention.first_seq > (trims.at(-1)?.retention.first_seq ?? 0)) trims.push({ retention, at });
      const noted = source.note?.head;
      if (noted !== undefined && from_seq <= noted.to_seq && noted.to_seq <= checkpoint.to_seq)
        isReplaced = checkpoint.hash !== noted.hash;
      previous = checkpoint;
      isBroken = false;
      return { checkpoint, follows, isExplained };
    },

    checkEnd() {
      const { note, bytes, readAt } = source;
      const end = previous?.to_seq ?? 0;
      const cutOff = ({ to_seq, at_ms }: ChainHead, words: string) => {
        const at = new Date(at_ms).toISOString();
        const message = `the end is cut off or replaced: record ${to_seq}, stored ${at}, was signed once, and ${words}`;
        report.other({ kind: "cut_off", seq: end + 1, to_seq, at, message });
      };
      for (const { head, ended_at, found_at } of note?.losses ?? [])
        cutOff(head, `the chain ended at ${ended_at} when the server found it so at ${found_at}`);
      if (isReplaced && note !== undefined) return cutOff(note.head, "the chain goes on without it");
      const head = furthest(source.head, note?.head);
      if (head === undefined || isBroken || head.to_seq < end) return;
      if (head.to_seq === end && head.hash === previous?.hash) return;
      // Of an audit in which nothing has happened for long, retention leaves nothing at all.
      const isDue = isDueToRetention(head.at_ms, Date.parse(readAt), { ...head.retention, bytes });
      if (previous === undefined && isDue) return;
      cutOff(head, `the chain ends at ${end}`);
    },

    judgeGap(toSeq, lastAtMs) {
      const gap = { to_seq: toSeq, last_at: new Date(lastAtMs).toISOString() };
      if (toSeq < source.from_seq) return { ...gap, why: "export" };
      if (previous === undefined || source.isFiltered) return undefined;
      const seen = trims.find(({ retention }) => retention.first_seq > toSeq);
      const now = { retention: { ...previous.retention, bytes: source.bytes }, at: source.readAt };
      const { retention, at } = seen ?? now;
      if (isDueToRetention(lastAtMs, Date.parse(at), retention)) return { ...gap, why: "retention" };
      const trimmed = trims.findLast((trim) => trim.retention.first_seq <= toSeq);
      report.row("removed", trimmed?.retention.first_seq ?? source.from_seq, toSeq, undefined);
      return undefined;
    },

    last: () => previous,
    keys: () => [...keys],
    count: () => count,
  };
}

function missingWords(expected: number, from: number): string {
  return from > expected
    ? `follows one that is missing: that for the records ${expected} to ${from - 1}`
    : "does not follow the one that stands before it";
}

function furthest(one: ChainHead | undefined, other: ChainHead | undefined): ChainHead | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.to_seq > one.to_seq ? other : one;
}
