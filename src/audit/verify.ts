// Verifies the audit, and reports each record that is not as it was signed. It reads the checkpoints and the records side
// by side, and holds one checkpoint's records in memory at most.
import type { AuditSource } from "./audit-source.ts";
import { createReporter, type Finding } from "./findings.ts";
import { createChain, type Gap } from "./verify-chain.ts";
import { createRecordWalk } from "./verify-records.ts";

export interface Verification {
  readonly source: string;
  /** Whether nothing was found that is not as it was signed. */
  readonly ok: boolean;
  readonly findings: number;
  readonly records: number;
  readonly checkpoints: number;
  /** The last record that is vouched for; 0 for none. */
  readonly signed_to: number;
  /** How many records at the end are not signed yet. */
  readonly unsigned: number;
  /** What is missing at the beginning, where that is no tampering. */
  readonly gap?: Gap;
  /** Whether records may be missing because the export was filtered. */
  readonly filtered: boolean;
  /** The keys that signed: to be compared with the server's own where none was given. */
  readonly keys: readonly string[];
  /** The hash of the last checkpoint: noted elsewhere, it proves later that all this was there. */
  readonly head?: string;
}

export interface VerifyOptions {
  /** The keys that may sign; where there are none, the first that signed is taken for the right one. */
  readonly trustedKeys: readonly string[];
  /** Called as they are found, in the order of the records. */
  readonly onFinding: (finding: Finding) => void;
}

export async function verifyAudit(source: AuditSource, options: VerifyOptions): Promise<Verification> {
  const report = createReporter(options.onFinding);
  const chain = createChain(source, options.trustedKeys, report);
  const walk = createRecordWalk(source, report);
  // The checkpoints are opened before the records: one that comes meanwhile has its records in the later reading.
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
