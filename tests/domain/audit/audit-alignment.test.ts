import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SignedRecord } from "../../../src/domain/audit/audit.ts";
import { alignRecords, type SeenRecord } from "../../../src/domain/audit/audit-alignment.ts";

const record = (digest: string, seq: number): SeenRecord => ({ digest, seq, atMs: seq, subject: "s" });
const records = (text: string) => [...text].map((digest, index) => record(digest, index + 1));
const all = { isNumbered: false, isLast: true };
const text = (list: readonly SignedRecord[]) => list.map(({ digest }) => digest).join("");

function compare(signed: string, seen: string) {
  const { same, changed, moved, removed, inserted } = alignRecords(records(signed), records(seen), all);
  return {
    same: same.map((pair) => pair.signed.digest).join(""),
    changed: changed.map((pair) => pair.signed.digest + pair.seen.digest).join(" "),
    moved: moved.map((pair) => pair.signed.digest).join(""),
    removed: text(removed),
    inserted: text(inserted),
  };
}

describe("alignRecords()", () => {
  const nothing = { changed: "", moved: "", removed: "", inserted: "" };
  test.each([
    ["abcde", "abcde", { ...nothing, same: "abcde" }],
    ["abcde", "abXde", { ...nothing, same: "abde", changed: "cX" }],
    ["abcde", "abde", { ...nothing, same: "abde", removed: "c" }],
    ["abcde", "cde", { ...nothing, same: "cde", removed: "ab" }],
    ["abcde", "abXcde", { ...nothing, same: "abcde", inserted: "X" }],
    ["abcde", "bcdea", { ...nothing, same: "bcde", moved: "a" }],
    ["abcde", "Xbcd", { ...nothing, same: "bcd", changed: "aX", removed: "e" }],
    ["aaaba", "aaba", { ...nothing, same: "aaba", removed: "a" }],
    ["abc", "", { ...nothing, same: "", removed: "abc" }],
  ])("%s beside %s", (signed, seen, expected) => {
    expect(compare(signed, seen)).toEqual(expected);
  });

  test("leaves open what follows the last record that is in both, unless nothing more comes", () => {
    const open = alignRecords(records("abcde"), records("abXY"), { isNumbered: false, isLast: false });
    expect(open).toMatchObject({ signedSettled: 2, seenSettled: 2, removed: [], changed: [], inserted: [] });
  });

  test("where the numbers are those that were signed, a changed record keeps its own", () => {
    const seen = [record("a", 1), record("X", 3), record("d", 4)];
    const { changed, removed } = alignRecords(records("abcd"), seen, { isNumbered: true, isLast: true });
    expect(changed.map((pair) => pair.signed.digest)).toEqual(["c"]);
    expect(text(removed)).toBe("b");
  });

  test("accounts for every record on both sides exactly once, whatever was done to them", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", "d"), maxLength: 12 });
    fc.assert(
      fc.property(letters, letters, fc.boolean(), (signed, seen, isNumbered) => {
        const result = alignRecords(records(signed), records(seen), { isNumbered, isLast: true });
        const { same, changed, moved, removed, inserted } = result;
        const pairs = [...same, ...changed, ...moved];
        const signedSeqs = [...pairs.map((pair) => pair.signed.seq), ...removed.map(({ seq }) => seq)];
        const seenSeqs = [...pairs.map((pair) => pair.seen.seq), ...inserted.map(({ seq }) => seq)];
        expect(signedSeqs.toSorted((a, b) => a - b)).toEqual(records(signed).map(({ seq }) => seq));
        expect(seenSeqs.toSorted((a, b) => a - b)).toEqual(records(seen).map(({ seq }) => seq));
        for (const pair of [...same, ...moved]) expect(pair.seen.digest).toBe(pair.signed.digest);
        if (signed === seen) expect(same.length).toBe(signed.length);
      }),
    );
  });
});
