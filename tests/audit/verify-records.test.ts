import { describe, expect, test } from "bun:test";
import type { AuditSource } from "../../src/audit/audit-source.ts";
import { createReporter, type Finding } from "../../src/audit/findings.ts";
import { createRecordWalk } from "../../src/audit/verify-records.ts";
import type { StreamMessage } from "../../src/nats/jetstream/follow.ts";
import { record, type SignedAudit, signAudit, sourceOf, storedMs } from "./signed-records.ts";

/** Compares records with all checkpoints of the audit, as verifyAudit() does. */
async function walk(audit: SignedAudit, records: readonly StreamMessage[], more: Partial<AuditSource> = {}) {
  const found: Finding[] = [];
  const report = createReporter((finding) => found.push(finding));
  const walking = createRecordWalk(sourceOf(records, more), report);
  for (const [index, checkpoint] of audit.signed.entries())
    await walking.compare(checkpoint, audit.checkpoints[index]?.seq ?? 0);
  const unsigned = await walking.finish();
  report.finish();
  return {
    ...{ walking, unsigned },
    kinds: found.map(({ kind, seq, to_seq = seq }) => `${kind} ${seq}-${to_seq}`),
  };
}

const audit = signAudit([{ records: 3 }, { records: 4 }]);
const without = (...seqs: number[]) => audit.all.filter(({ seq }) => !seqs.includes(seq));
const [checkpoint = record(4)] = audit.checkpoints;
const isEnd = { last_seq: 9 };
/** The records 1 to 3, checkpoint 4, the records 5 to 8, checkpoint 9. */
const replaced = (seq: number, by: StreamMessage) => audit.all.with(seq - 1, by);

describe("createRecordWalk() over the stream", () => {
  test("finds nothing where all is as it was signed, and counts what was not signed yet", async () => {
    const more = [record(10), record(11)];
    const { kinds, unsigned, walking } = await walk(audit, [...audit.all, ...more]);
    expect(kinds).toEqual([]);
    // Checkpoint 9 waits for a signature as well, and counts for nothing.
    expect([unsigned, walking.count()]).toEqual([2, 11]);
    expect(walking.lostAtBeginning()).toBeUndefined();
  });

  test.each<[string, StreamMessage[], string[]]>([
    ["a changed text", replaced(6, record(6, "step 7")), ["changed 6-6"]],
    ["a changed subject", replaced(6, { ...record(6), subject: "agent.bob.status" }), ["changed 6-6"]],
    [
      "no altered checkpoint, which createChain() tells",
      replaced(4, { ...checkpoint, data: new Uint8Array() }),
      [],
    ],
    ["another time", replaced(6, { ...record(6), at: record(3).at }), ["renumbered 6-6"]],
    ["a record that is gone", without(6), ["removed 6-6"]],
    ["a row of records that is gone, told once", without(5, 6, 7), ["removed 5-7"]],
    ["records at the end that were never signed", without(9), ["removed 9-9"]],
    ["two that have changed places", swapped(6, 7), ["reordered 7-7", "renumbered 6-6"]],
  ])("tells %s", async (_what, records, expected) => {
    expect((await walk(audit, records, isEnd)).kinds).toEqual(expected);
  });

  test("an inserted record is told once, and moves none of those behind it", async () => {
    const later = (message: StreamMessage) => ({ ...message, seq: message.seq + 1 });
    const inserted = [...audit.all.slice(0, 5), record(6, "a lie"), ...audit.all.slice(5).map(later)];
    const { kinds } = await walk(audit, inserted, { last_seq: 10 });
    expect(kinds).toContain("inserted 6-6");
    expect(kinds.filter((kind) => !/^(inserted|renumbered) /.test(kind))).toEqual([]);
  });

  test("gaps behind the last signed record are told, up to the last that the stream is known to have held", async () => {
    const tail = [...audit.all, record(10), record(13)];
    const { kinds, unsigned } = await walk(audit, tail, { last_seq: 15 });
    expect(kinds).toEqual(["removed 11-12", "removed 14-15"]);
    expect(unsigned).toBe(2);
  });

  test("what is missing at the beginning is for the caller to judge, with the time when the last of it was stored", async () => {
    const { kinds, walking } = await walk(audit, without(1, 2));
    expect(kinds).toEqual([]);
    expect(walking.lostAtBeginning()).toEqual({ seq: 2, atMs: storedMs(2) });
  });

  test("records before a checkpoint that does not follow are told as covered by none, unless that is explained", async () => {
    const skipped = async (isExplained: boolean) => {
      const found: Finding[] = [];
      const report = createReporter((finding) => found.push(finding));
      const walking = createRecordWalk(sourceOf(audit.all), report);
      await walking.skipTo(4, isExplained);
      const [, second] = audit.signed;
      if (second !== undefined) await walking.compare(second, 9);
      await walking.finish();
      report.finish();
      return found.map(({ kind, seq, to_seq }) => `${kind} ${seq}-${to_seq}`);
    };
    expect(await skipped(false)).toEqual(["unvouched 1-3"]);
    expect(await skipped(true)).toEqual([]);
  });
});

describe("createRecordWalk() over less than the stream", () => {
  test("of a filtered export, what is missing is no finding, and what was changed is one", async () => {
    const isFiltered = true;
    expect((await walk(audit, without(2, 6, 7), { isFiltered })).kinds).toEqual([]);
    const changed = replaced(8, record(8, "a lie")).filter(({ seq }) => seq !== 2);
    expect((await walk(audit, changed, { isFiltered })).kinds).toEqual(["changed 8-8"]);
  });

  test("outside of the span of an export nothing is missing", async () => {
    const span = { from_seq: 3, to_seq: 7, last_seq: 7 };
    const within = audit.all.filter(({ seq }) => seq >= 3 && seq <= 7);
    expect((await walk(audit, [...within, ...audit.all.slice(8)], span)).kinds).toEqual([]);
    expect((await walk(audit, within.toSpliced(1, 1), span)).kinds).toEqual(["removed 4-4"]);
  });

  test("a copy has sequences and times of its own: only contents and order count", async () => {
    const copied = (records: readonly StreamMessage[]) =>
      records.map((message, index) => ({ ...message, seq: index + 1, at: record(500 + index).at }));
    const isCopy = { isOriginal: false };
    expect((await walk(audit, copied(audit.all), isCopy)).kinds).toEqual([]);
    expect((await walk(audit, copied(without(6)), isCopy)).kinds).toEqual(["removed 6-6"]);
    expect((await walk(audit, copied(replaced(6, record(6, "a lie"))), isCopy)).kinds).toEqual([
      "changed 6-6",
    ]);
    const { kinds, walking } = await walk(audit, copied(without(1, 2)), isCopy);
    expect(kinds).toEqual([]);
    expect(walking.lostAtBeginning()).toMatchObject({ seq: 2, atMs: storedMs(2) });
  });
});

test("createRecordWalk() over a copy tells nothing of the records that a missing checkpoint covered", async () => {
  const found: Finding[] = [];
  const walking = createRecordWalk(
    sourceOf(audit.all, { isOriginal: false }),
    createReporter((finding) => found.push(finding)),
  );
  await walking.skipTo(4, false);
  const [, second] = audit.signed;
  if (second !== undefined) await walking.compare(second, 9);
  await walking.finish();
  expect(found).toEqual([]);
});

/** The two records have each other's sequence and time. */
function swapped(one: number, other: number): StreamMessage[] {
  return replaced(one, { ...record(other), seq: one, at: record(one).at }).with(other - 1, {
    ...record(one),
    ...{ seq: other, at: record(other).at },
  });
}
