// Verifies the audit, and reports each record that is not as it was signed. It reads checkpoints and records side by side, and so
// holds only about one checkpoint's records in memory.
import type { AuditSource } from "./audit-source.ts";
import { createReporter, type Finding } from "./findings.ts";
import { createChain, type Gap } from "./verify-chain.ts";
import { createRecordWalk } from "./verify-records.ts";

export interface Verification {
  readonly source: string;
  /** Whether there are no findings. */
  readonly ok: boolean;
  readonly findings: number;
  readonly records: number;
  readonly checkpoints: number;
  /** The last record that a checkpoint covers; 0 if there is none. */
  readonly signed_to: number;
  /** The number of records at the end that are not signed yet. */
  readonly unsigned: number;
  /** The records that are missing at the beginning, if that is not tampering. */
  readonly gap?: Gap;
  /** Whether records may be missing because the export was filtered. */
  readonly filtered: boolean;
  /** The keys that signed the checkpoints. If no trusted key was given, compare them with the server's own key. */
  readonly keys: readonly string[];
  /** The hash of the last checkpoint. If a person notes it elsewhere, it proves later that all these records existed. */
  readonly head?: string;
}

export interface VerifyOptions {
  /** The keys that may sign. If empty, the key of the first checkpoint is trusted. */
  readonly trustedKeys: readonly string[];
  /** Called for each finding, in the order of the records. */
  readonly onFinding: (finding: Finding) => void;
}

export async function verifyAudit(source: AuditSource, options: VerifyOptions): Promise<Verification> {
  const report = createReporter(options.onFinding);
  const chain = createChain(source, options.trustedKeys, report);
  const walk = createRecordWalk(source, report);
  // Open the checkpoints before the records, so that the records of a checkpoint that is written meanwhile are read, too.
  for await (const message of source.checkpoints()) {
    const step = chain.take(message);
    if (step === undefined) continue;
    const { checkpoint, follows, isExplained } = step;
    if (!follows) await walk.skipTo(checkpoint.from_seq, isExplained);
    await walk.compare(checkpoint, message.seq);
  }
  const unsigned = await walk.finish();
  chain.checkEnd();
  const lost = walk.lostAtBeginning();
  const gap = lost === undefined ? undefined : chain.judgeGap(lost.seq, lost.atMs);
  const head = chain.last();
  const findings = report.finish();
  return {
    source: source.name,
    ok: findings === 0,
    findings,
    records: walk.count(),
    checkpoints: chain.count(),
    signed_to: head?.to_seq ?? 0,
    unsigned,
    ...(gap === undefined ? {} : { gap }),
    filtered: source.isFiltered,
    keys: chain.keys(),
    ...(head === undefined ? {} : { head: head.hash }),
  };
}
