import { expect, test } from "bun:test";
import { createTwoFilesPatch } from "diff";
import fc from "fast-check";
import type { FileChanges } from "../../../src/domain/changes/changes-report.ts";
import { parseFilePatch } from "../../../src/domain/changes/patch.ts";
import { sinceQuoted, sinceQuotedText } from "../../../src/domain/changes/since-quoted.ts";

const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
function changes(
  before: readonly string[],
  now: readonly string[],
  more: Partial<FileChanges> = {},
): FileChanges {
  const { hunks } = parseFilePatch(
    createTwoFilesPatch("a/f", "b/f", textOf(before), textOf(now), undefined, undefined, { context: 3 }),
  );
  return { path: "f", state: "modified", seen: "1..2", hunks, ...more };
}
const ten = Array.from({ length: 10 }, (_, index) => `line ${index + 1}`);
const three = { from: 4, to: 6 };

test.each([
  ["nothing has changed", undefined, { kind: "same" }],
  ["what comes after has changed", changes(ten, ten.slice(0, 7)), { kind: "same" }],
  [
    "two lines have come before",
    changes(ten, ["x", "y", ...ten]),
    { kind: "moved", path: "f", from: 6, to: 8 },
  ],
  ["one line before is gone", changes(ten, ten.slice(1)), { kind: "moved", path: "f", from: 3, to: 5 }],
  [
    "a line has come right before",
    changes(ten, ten.toSpliced(3, 0, "x")),
    { kind: "moved", path: "f", from: 5, to: 7 },
  ],
  ["a line has come right after", changes(ten, ten.toSpliced(6, 0, "x")), { kind: "same" }],
  ["a line has come between", changes(ten, ten.toSpliced(4, 0, "x")), { kind: "changed", path: "f" }],
  ["one of them is another", changes(ten, ten.with(4, "x")), { kind: "changed", path: "f" }],
  ["all of them are gone", changes(ten, ten.toSpliced(3, 3)), { kind: "gone" }],
  ["the file is gone", { ...changes(ten, []), state: "deleted" }, { kind: "gone" }],
  [
    "the file has another name",
    changes(ten, ten, { old_path: "e", state: "renamed" }),
    { kind: "moved", path: "f", from: 4, to: 6 },
  ],
  [
    "its lines are too long to be read",
    { path: "f", state: "modified", seen: "1..2", left_out: "cut" },
    { kind: "changed", path: "f" },
  ],
] as const)("sinceQuoted() tells if %s", (_, file, expected) => {
  expect(sinceQuoted(file as FileChanges | undefined, three)).toEqual(expected as never);
});

test("sinceQuoted() names only lines that are what was quoted, whatever has changed", () => {
  const lines = fc.uniqueArray(fc.integer({ min: 0, max: 60 }).map(String), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(lines, lines, fc.nat(), fc.nat(), (before, now, one, other) => {
      const ends = [(one % before.length) + 1, (other % before.length) + 1];
      const range = { from: Math.min(...ends), to: Math.max(...ends) };
      const found = sinceQuoted(changes(before, now), range);
      const quoted = before.slice(range.from - 1, range.to);
      const { from, to } = found.kind === "moved" ? found : range;
      if (found.kind === "same" || found.kind === "moved") expect(now.slice(from - 1, to)).toEqual(quoted);
    }),
  );
});

test("sinceQuotedText() names another file", () => {
  expect(sinceQuotedText("e", { kind: "moved", path: "f", from: 4, to: 6 })).toBe(
    "They are lines 4–6 of f now.",
  );
  expect(sinceQuotedText("f", { kind: "changed", path: "f" })).toContain("look at the file as it is now");
});
