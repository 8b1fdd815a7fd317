import { describe, expect, test } from "bun:test";
import type { AuditSource } from "../../src/audit/audit-source.ts";
import { headOf } from "../../src/audit/chain-head.ts";
import { createReporter, type Finding } from "../../src/audit/findings.ts";
import type { HeadNote } from "../../src/audit/head-file.ts";
import { createSigningKey, signCheckpoint } from "../../src/audit/signing.ts";
import { createChain } from "../../src/audit/verify-chain.ts";
import type { ChainHead } from "../../src/domain/audit/audit.ts";
import type { StreamMessage } from "../../src/nats/jetstream/follow.ts";
import {
  checkpointMessage,
  keepsAll,
  type SignedAudit,
  signAudit,
  sourceOf,
  storedAt,
  storedMs,
} from "./signed-records.ts";

function startChain(audit: SignedAudit, more: Partial<AuditSource> = {}, trusted: readonly string[] = []) {
  const found: Finding[] = [];
  const report = createReporter((finding) => found.push(finding));
  const chain = createChain(sourceOf(audit.all, more), trusted, report);
  return {
    ...{ chain, found },
    take: (messages: readonly StreamMessage[]) => messages.map((message) => chain.take(message)),
    kinds: () => {
      report.finish();
      return found.map(({ kind, seq, to_seq = seq }) => `${kind} ${seq}-${to_seq}`);
    },
  };
}

const three = [{ records: 3 }, { records: 2 }, { records: 4 }];

/** The message at a place of the chain; a test without it is wrong. */
function at<T>(list: readonly T[], index: number): T {
  const found = list.at(index);
  if (found === undefined) throw new Error(`there is nothing at ${index}`);
  return found;
}

const noteOf = (head: ChainHead): HeadNote => ({ version: 1, head, losses: [] });

describe("createChain().take()", () => {
  test("takes checkpoints that follow each other, and finds nothing", () => {
    const audit = signAudit(three);
    const run = startChain(audit);
    const steps = run.take(audit.checkpoints);
    expect(steps.map((step) => step?.follows)).toEqual([true, true, true]);
    expect(run.chain.last()?.to_seq).toBe(11);
    expect([run.chain.count(), run.chain.keys()]).toEqual([3, [audit.key.publicKey]]);
    run.chain.checkEnd();
    expect(run.kinds()).toEqual([]);
  });

  test("an altered checkpoint proves nothing, and explains why the next does not follow", () => {
    const audit = signAudit(three);
    const altered = { ...at(audit.signed, 1), digests: at(audit.signed, 1).digests.toReversed() };
    const run = startChain(audit);
    const steps = run.take(audit.checkpoints.with(1, checkpointMessage(7, altered)));
    expect(steps[1]).toBeUndefined();
    expect(steps[2]).toMatchObject({ follows: false, isExplained: true });
    expect(run.kinds()).toEqual(["checkpoint_altered 7-7"]);
  });

  test("a checkpoint whose lists are not as long as its range is altered, and so is one that is none", () => {
    const audit = signAudit(three);
    const run = startChain(audit);
    const { public_key: _, hash: __, signature: ___, ...facts } = at(audit.signed, 0);
    const cut = signCheckpoint({ ...facts, digests: facts.digests.slice(1) }, audit.key);
    expect(run.take([checkpointMessage(4, cut)])).toEqual([undefined]);
    expect(run.take([{ ...at(audit.checkpoints, 1), data: new Uint8Array() }])).toEqual([undefined]);
    expect(run.kinds()).toEqual(["checkpoint_altered 4-4", "checkpoint_altered 7-7"]);
  });

  test("one that is missing is told once, with the records that it covered", () => {
    const audit = signAudit(three);
    const run = startChain(audit);
    const [, second] = run.take([at(audit.checkpoints, 0), at(audit.checkpoints, 2)]);
    expect(second).toMatchObject({ follows: false, isExplained: true });
    expect(run.found).toMatchObject([
      { kind: "checkpoint_missing", message: expect.stringContaining("the records 4 to 6") },
    ]);
  });

  test("with trusted keys, those alone count, each other key is told once", () => {
    const [trusted, foreign] = [createSigningKey(), createSigningKey()];
    const spans = [
      { records: 2, key: foreign },
      { records: 2 },
      { records: 2, key: foreign },
      { records: 2 },
    ];
    const audit = signAudit(spans, trusted);
    const run = startChain(audit, {}, [trusted.publicKey]);
    const steps = run.take(audit.checkpoints);
    expect(steps.map((step) => step !== undefined)).toEqual([false, true, false, true]);
    expect(run.kinds()).toEqual(["foreign_key 3-3"]);
    expect(run.chain.keys()).toEqual([foreign.publicKey, trusted.publicKey]);
  });

  test("without trusted keys, that of the first checkpoint is trusted, and no other", () => {
    const foreign = createSigningKey();
    const audit = signAudit([{ records: 2 }, { records: 2, key: foreign }]);
    const run = startChain(audit);
    expect(run.take(audit.checkpoints).map((step) => step !== undefined)).toEqual([true, false]);
    expect(run.kinds()).toEqual(["foreign_key 6-6"]);
  });

  test("records that were gone before they were signed are told, unless the stream began after them by then", () => {
    const audit = signAudit([{ records: 3 }, { records: 4 }]);
    const first = at(audit.signed, 0);
    const skipping = (first_seq: number) => {
      const run = startChain(audit);
      const { public_key: _, hash: __, signature: ___, ...whole } = at(audit.signed, 1);
      // It covers the records from 6 on, where 4 and 5 have never been signed.
      const { digests, times } = whole;
      const skipped = signCheckpoint(
        {
          ...whole,
          from_seq: 6,
          digests: digests.slice(2),
          times: [storedMs(6), ...times.slice(3)],
          retention: { ...keepsAll, first_seq },
        },
        audit.key,
      );
      expect(skipped.prev).toBe(first.hash);
      run.take([at(audit.checkpoints, 0), checkpointMessage(9, skipped)]);
      return run.kinds();
    };
    expect(skipping(1)).toEqual(["removed 4-5"]);
    expect(skipping(6)).toEqual([]);
  });
});

describe("createChain().checkEnd()", () => {
  const afterAll = (audit: SignedAudit, more: Partial<AuditSource>, take = audit.checkpoints) => {
    const run = startChain(audit, more);
    run.take(take);
    run.chain.checkEnd();
    return run.kinds();
  };

  test("a head that was noted further than the chain goes is cut off, whichever place has noted it", () => {
    const audit = signAudit(three);
    const cut = audit.checkpoints.slice(0, 2);
    expect(afterAll(audit, { head: audit.head }, cut)).toEqual(["cut_off 7-11"]);
    expect(afterAll(audit, { note: noteOf(audit.head) }, cut)).toEqual(["cut_off 7-11"]);
    const behind = headOf(at(audit.signed, 1));
    expect(afterAll(audit, { head: behind, note: noteOf(audit.head) }, cut)).toEqual(["cut_off 7-11"]);
    expect(afterAll(audit, { head: audit.head })).toEqual([]);
    // A checkpoint was written between the reading of the head and of the stream.
    const earlier = headOf(at(audit.signed, 1));
    expect(afterAll(audit, { head: earlier })).toEqual([]);
  });

  test("a chain of the same length with another end is not the one that was noted", () => {
    const [audit, other] = [signAudit(three), signAudit(three)];
    expect(afterAll(audit, { head: other.head })).toEqual(["cut_off 12-11"]);
  });

  test("a chain that has grown beyond the noted head without it is another one", () => {
    const [audit, other] = [signAudit(three), signAudit(three.slice(0, 2))];
    expect(afterAll(audit, { note: noteOf(other.head) })).toEqual(["cut_off 12-6"]);
    expect(afterAll(audit, { note: noteOf(headOf(at(audit.signed, 1))) })).toEqual([]);
  });

  test("each loss that the server has found is told, also where the chain is whole again", () => {
    const audit = signAudit(three);
    const loss = { head: audit.head, ended_at: 6, found_at: storedAt(20) };
    expect(afterAll(audit, { note: { ...noteOf(audit.head), losses: [loss, loss] } })).toHaveLength(2);
  });

  test("that nothing is there any more is due to retention only if it was old enough", () => {
    const audit = signAudit([{ records: 3, retention: { max_age_s: 60 } }]);
    const at_ms = audit.head.at_ms;
    const seen = (afterS: number) =>
      afterAll(audit, { head: audit.head, readAt: new Date(at_ms + afterS * 1_000).toISOString() }, []);
    expect(seen(61)).toEqual([]);
    expect(seen(50)).toEqual(["cut_off 1-3"]);
  });
});

describe("createChain().judgeGap()", () => {
  /** The records up to 4 are missing, and their last was stored at second 4. */
  function judge(audit: SignedAudit, more: Partial<AuditSource> = {}, take = audit.checkpoints) {
    const run = startChain(audit, more);
    run.take(take);
    return { why: run.chain.judgeGap(4, storedMs(4))?.why, kinds: run.kinds() };
  }
  const agedBy = (seconds: number) => ({ readAt: new Date(storedMs(4) + seconds * 1_000).toISOString() });

  test("an export that begins later explains it", () => {
    expect(judge(signAudit(three), { from_seq: 5 })).toEqual({ why: "export", kinds: [] });
  });

  test("retention by age explains it once they were as old as it keeps records, and not before", () => {
    const audit = signAudit([{ records: 3 }, { records: 2, retention: { max_age_s: 60 } }]);
    expect(judge(audit, agedBy(61))).toEqual({ why: "retention", kinds: [] });
    expect(judge(audit, agedBy(50))).toEqual({ why: undefined, kinds: ["removed 1-4"] });
  });

  test("retention by size explains it only where the stream is full", () => {
    const audit = signAudit([{ records: 3 }, { records: 2, retention: { max_bytes: 1_000 } }]);
    expect(judge(audit, { bytes: 751 })).toEqual({ why: "retention", kinds: [] });
    expect(judge(audit, { bytes: 700 })).toEqual({ why: undefined, kinds: ["removed 1-4"] });
  });

  test("what counts are the settings of the checkpoint that first names the later beginning, not the present ones", () => {
    const young = { first_seq: 5, max_age_s: 1 };
    // By then they were three seconds old, and a second was all that was kept.
    const trimmed = signAudit([{ records: 3 }, { records: 3, retention: young }, { records: 2 }]);
    expect(judge(trimmed)).toEqual({ why: "retention", kinds: [] });
    const never = signAudit([{ records: 3 }, { records: 3, retention: { first_seq: 5 } }, { records: 2 }]);
    expect(judge(never, agedBy(1e6)).kinds).toEqual(["removed 1-4"]);
  });

  test("of what retention had removed by then, only the rest is told", () => {
    const audit = signAudit([{ records: 3, retention: { first_seq: 3 } }, { records: 3 }]);
    expect(judge(audit).kinds).toEqual(["removed 3-4"]);
  });

  test("of a source that holds only some records, and of one without a checkpoint, nothing is said", () => {
    const audit = signAudit(three);
    expect(judge(audit, { isFiltered: true })).toEqual({ why: undefined, kinds: [] });
    expect(judge(audit, {}, [])).toEqual({ why: undefined, kinds: [] });
  });
});
