import { expect, test } from "bun:test";
import { changedWords } from "../../../src/domain/changes/changed-words.ts";

test("changedWords() marks the words of a line that have changed", () => {
  expect(changedWords("const one = 1;", "const two = 1;")).toEqual({
    before: [{ from: 6, to: 9 }],
    now: [{ from: 6, to: 9 }],
  });
});

test("changedWords() marks nothing of lines with little in common, nor of lines with too many edits, which would take long to compare", () => {
  const none = { before: [], now: [] };
  expect(changedWords("all of it", "something else entirely")).toEqual(none);
  const row = (plus: number) =>
    Array.from({ length: 130 }, (_, n) => (n % 2) * 5 + (n % 2 === 0 ? plus : 0)).join(",");
  expect(row(1).length).toBeLessThan(400);
  expect(changedWords(row(1), row(2))).toEqual(none);
});
