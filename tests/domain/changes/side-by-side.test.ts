import { expect, test } from "bun:test";
import { changedWords } from "../../../src/domain/changes/changed-words.ts";
import type { DiffLine } from "../../../src/domain/changes/patch.ts";
import { partnersOf, sideBySide } from "../../../src/domain/changes/side-by-side.ts";
import { sliceHunks } from "../../../src/domain/changes/slice-hunks.ts";

const line = (text: string): DiffLine => ({
  kind: text.startsWith("+") ? "added" : text.startsWith("-") ? "deleted" : "same",
  text,
});
const rowsOf = (...texts: string[]) =>
  sideBySide(texts.map(line)).map(({ left, right }) => [left?.text, right?.text]);

test("sideBySide() puts deleted lines beside the added ones that follow them", () => {
  expect(rowsOf("a", "-b", "-c", "+d", "e", "+f", "-g")).toEqual([
    ["a", "a"],
    ["-b", "+d"],
    ["-c", undefined],
    ["e", "e"],
    [undefined, "+f"],
    ["-g", undefined],
  ]);
  const lines = ["-b", "+d", "x"].map(line);
  expect([...partnersOf(lines)].map(([one, other]) => one.text + other.text)).toEqual(["-b+d", "+d-b"]);
});

test("changedWords() marks the words that differ, and none of another line", () => {
  expect(changedWords("const b = 2;", "const b = 20;")).toEqual({
    before: [{ from: 10, to: 11 }],
    now: [{ from: 10, to: 12 }],
  });
  expect(changedWords("const b = 2;", "return nothing")).toEqual({ before: [], now: [] });
  expect(changedWords("x".repeat(500), "x".repeat(501))).toEqual({ before: [], now: [] });
});

test("sliceHunks() keeps the numbers of the lines", () => {
  const lines: DiffLine[] = [
    { kind: "same", old: 5, new: 6, text: "a" },
    { kind: "added", new: 7, text: "b" },
    { kind: "deleted", old: 6, text: "c" },
    { kind: "same", old: 7, new: 8, text: "d" },
  ];
  const hunks = [
    { old_start: 5, new_start: 6, heading: "h", lines },
    { old_start: 50, new_start: 51, heading: "", lines: lines.slice(0, 1) },
  ];
  expect(sliceHunks(hunks, 2, 2)).toEqual({
    hunks: [{ old_start: 6, new_start: 8, heading: "h", lines: lines.slice(2) }],
    total: 5,
  });
  expect(sliceHunks(hunks, 3, 10).hunks.map(({ lines }) => lines.length)).toEqual([1, 1]);
  expect(sliceHunks(hunks, 9, 10)).toEqual({ hunks: [], total: 5 });
});
