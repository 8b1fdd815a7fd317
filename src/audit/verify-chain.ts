// Verifies the checkpoints: each must be intact, be signed by a trusted key, and follow the one before.
import { type ChainHead, type Checkpoint, isDueToRetention, isWellFormed } from "../domain/audit/audit.ts";
import type { StreamMessage } from "../nats/jetstream/follow.ts";
import type { AuditSource } from "./audit-source.ts";
import { readCheckpoint } from "./chain-head.ts";
import type { Finding, Reporter } from "./findings.ts";
import { isIntact } from "./signing.ts";

export interface ChainStep {
  readonly checkpoint: Checkpoint;
  /** Whether it continues where the checkpoint before ended. If not, no checkpoint covers the records in between. */
  readonly follows: boolean;
  /** Whether a finding already says why it does not follow. */
  readonly isExplained: boolean;
}

/** The records that are missing at the beginning, and why that is not tampering. */
export interface Gap {
  readonly to_seq: number;
  readonly last_at: string;
  readonly why: "retention" | "export";
}

export interface Chain {
  /** Undefined for a checkpoint that is altered or not trusted, because it proves nothing. */
  take(message: StreamMessage): ChainStep | undefined;
  /** Compares the end of the chain with the heads that were noted outside of the stream. */
  checkEnd(): void;
  /**
   * Why the records up to `toSeq` are missing. Reports them as removed if neither retention nor the export explains it.
   * @param lastAtMs when the last of them was stored
   */
  judgeGap(toSeq: number, lastAtMs: number): Gap | undefined;
  last(): Checkpoint | undefined;
  /** The keys that signed checkpoints, trusted or not. */
  keys(): string[];
  count(): number;
}

export function createChain(source: AuditSource, trustedKeys: readonly string[], report: Reporter): Chain {
  const keys = new Set<string>();
  /** The checkpoints that name a later first record than the one before, because retention had removed records in between. */
  const trims: Pick<Checkpoint, "retention" | "at">[] = [];
  let previous: Checkpoint | undefined;
  let isBroken = false;
  /** Whether the chain has another checkpoint in the place of the head that was noted outside of the store. */
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
        const what = "is not as it was signed, so the records that it covered cannot be verified";
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
      // These records were gone before they were signed. The stream still began before them, so retention did not remove them.
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
        cutOff(head, `at ${found_at} the server found that the chain ended at ${ended_at}`);
      if (isReplaced && note !== undefined) return cutOff(note.head, "the chain continues without it");
      const head = furthest(source.head, note?.head);
      if (head === undefined || isBroken || head.to_seq < end) return;
      if (head.to_seq === end && head.hash === previous?.hash) return;
      // If nothing was recorded for a long time, retention has removed everything, the checkpoints included.
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
    ? `follows a checkpoint that is missing: the one for the records ${expected} to ${from - 1}`
    : "does not follow the checkpoint before it";
}

function furthest(one: ChainHead | undefined, other: ChainHead | undefined): ChainHead | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.to_seq > one.to_seq ? other : one;
}
