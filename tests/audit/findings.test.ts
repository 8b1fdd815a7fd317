import { describe, expect, test } from "bun:test";
import { createReporter, type Finding } from "../../src/audit/findings.ts";

const atMs = Date.parse("2026-05-03T12:00:00Z");
const at = "2026-05-03T12:00:00.000Z";

function start() {
  const found: Finding[] = [];
  return { found, reporter: createReporter((finding) => void found.push(finding)) };
}

describe("createReporter()", () => {
  test("a row of records with one fault is one finding, told when it has ended", () => {
    const { found, reporter } = start();
    for (const seq of [3, 4, 5]) reporter.row("removed", seq, seq, atMs + seq);
    expect(found).toEqual([]);
    expect(reporter.finish()).toBe(1);
    expect(found).toEqual([
      {
        ...{ kind: "removed", seq: 3, to_seq: 5, at: "2026-05-03T12:00:00.003Z" },
        message: "records 3 to 5, stored from 2026-05-03T12:00:00.003Z on, are gone",
      },
    ]);
  });

  test("a gap between two ends the first row", () => {
    const { found, reporter } = start();
    reporter.row("removed", 3, 3, atMs);
    reporter.row("removed", 5, 6, undefined);
    expect(reporter.finish()).toBe(2);
    expect(found.map(({ message }) => message)).toEqual([
      `record 3, stored ${at}, is gone`,
      "records 5 to 6 are gone",
    ]);
    expect(found[1]).not.toHaveProperty("at");
  });

  test("two faults side by side are two rows", () => {
    const { found, reporter } = start();
    for (const seq of [1, 2]) {
      reporter.row("renumbered", seq, seq, atMs);
      reporter.row("unvouched", seq, seq, atMs);
    }
    expect(reporter.finish()).toBe(2);
    expect(found.map(({ kind, seq, to_seq }) => [kind, seq, to_seq])).toEqual([
      ["renumbered", 1, 2],
      ["unvouched", 1, 2],
    ]);
  });

  test("any other finding comes after the rows that were open before it", () => {
    const { found, reporter } = start();
    const signed = { seq: 7, atMs, digest: "d" };
    const seen = { seq: 9, atMs, digest: "e", subject: "agent.ada.status" };
    reporter.row("removed", 3, 3, atMs);
    reporter.changed(signed, seen);
    reporter.reordered(signed, seen);
    reporter.inserted(seen);
    reporter.other({ kind: "cut_off", seq: 10, message: "the end is missing" });
    expect(reporter.finish()).toBe(5);
    expect(found.map(({ kind, seq, message }) => `${kind} ${seq}: ${message}`)).toEqual([
      `removed 3: record 3, stored ${at}, is gone`,
      `changed 7: record 7, agent.ada.status, stored ${at}, is not what was signed`,
      `reordered 7: record 7, agent.ada.status, stored ${at}, is out of order: it now has the number 9`,
      `inserted 9: record 9, agent.ada.status, stored ${at}, was inserted: it did not exist when its neighbours were signed`,
      "cut_off 10: the end is missing",
    ]);
  });

  test("nothing found is no finding", () => {
    const { found, reporter } = start();
    expect([reporter.finish(), found]).toEqual([0, []]);
  });
});
