import { expect, test } from "bun:test";
import { commentText, linesIn, rangeText, wordsOf } from "../../../src/domain/changes/comment.ts";
import type { DiffLine, Hunk } from "../../../src/domain/changes/patch.ts";

const lines: DiffLine[] = [
  { kind: "same", old: 3, new: 3, text: "a" },
  { kind: "deleted", old: 4, text: "\tb\r" },
  { kind: "added", new: 4, text: "B \u001b[2J" },
  { kind: "added", new: 5, text: "c" },
  { kind: "same", old: 5, new: 6, text: "d" },
];
const hunks: Hunk[] = [{ old_start: 3, new_start: 3, heading: "", lines }];
const now = (from: number, to: number) => ({ side: "now" as const, from, to });

test("linesIn() has the lines of one side, and none if not all of the range is shown", () => {
  expect(linesIn(hunks, now(4, 6))?.map(({ text }) => text)).toEqual(["B \u001b[2J", "c", "d"]);
  expect(linesIn(hunks, { side: "before", from: 3, to: 5 })?.map(({ text }) => text)).toEqual([
    "a",
    "\tb\r",
    "d",
  ]);
  expect(linesIn(hunks, now(5, 7))).toBeUndefined();
  expect(linesIn([], now(1, 1))).toBeUndefined();
});

test("commentText() names the file and the lines first, and quotes the lines", () => {
  const range = now(4, 5);
  expect(commentText({ path: "src/a.ts", range }, linesIn(hunks, range), " say why\n")).toBe(
    "src/a.ts, lines 4–5: say why\n\nThe lines of your changes:\n> 4 + B \ufffd[2J\n> 5 + c",
  );
  const before = { side: "before" as const, from: 4, to: 4 };
  expect(commentText({ path: "src/a.ts", range: before }, linesIn(hunks, before), "why?")).toBe(
    "src/a.ts, line 4, as before the change: why?\n\nThe lines, as they were before your changes:\n> 4 -     b",
  );
  const many = Array.from(
    { length: 100 },
    (_, index): DiffLine => ({ kind: "added", new: index + 1, text: "x" }),
  );
  expect(
    commentText({ path: "a", range: now(1, 100) }, many, "all")
      .split("\n")
      .at(-1),
  ).toBe("> (and 40 more lines)");
  expect(rangeText(now(7, 7))).toBe("line 7");
});

test("commentText() says of lines of an earlier turn which state they are of, and what has become of them", () => {
  const turn = "2026-11-30T10:00:00.000Z";
  const range = now(4, 4);
  const since = { kind: "moved" as const, path: "a", from: 7, to: 7 };
  const text = commentText({ path: "a", range, state: { turn, since } }, linesIn(hunks, range), "why?\nso");
  expect(text).toBe(
    "a, line 4, as of an earlier turn: why?\nso\n\nThe lines, as they were when your turn that began 2026-11-30 10:00:00 UTC was over:\n> 4 + B \ufffd[2J\nThey are line 7 now.",
  );
  expect(wordsOf(text)).toBe("why?\nso");
  const before = { side: "before" as const, from: 4, to: 4 };
  const state = { turn, since: { kind: "gone" as const } };
  expect(commentText({ path: "a", range: before, state }, linesIn(hunks, before), "why?")).toContain(
    "The lines, as they were before your turn that began 2026-11-30 10:00:00 UTC:\n> 4 -     b\nThey are not there any more.",
  );
});

test("commentText() says that lines are not quoted", () => {
  const text = commentText({ path: "a", range: now(2, 3) }, undefined, "why?");
  expect(text).toStartWith("a, lines 2–3: why?\n\nThe lines are not quoted:");
  expect(wordsOf(text)).toBe("why?");
});
