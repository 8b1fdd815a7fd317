import { expect, test } from "bun:test";
import { type EditedLine, editLine, emptyLine, lineOf } from "../../../src/cli/screen/line-edit.ts";

function edited(from: EditedLine, ...names: string[]): string {
  const line = names.reduce((each, name) => editLine(each, { name }) ?? each, from);
  return `${line.before}|${line.after}`;
}

test.each([
  [["a", "b", "left", "c"], "ac|b"],
  [["a", "b", "backspace"], "a|"],
  [["a", "b", "home", "delete", "x", "end"], "xb|"],
  [["a", " ", "b", "ctrl-w"], "a |"],
  [["a", "b", "left", "ctrl-u"], "|b"],
  [["a", "👍🏽".slice(0, 2), "enter", "up"], "a👍|"],
])("editLine() of %j", (names, expected) => {
  expect(edited(emptyLine, ...names)).toBe(expected);
});

test("editLine() removes and passes a whole character, however it is made", () => {
  expect(edited(lineOf("a👩‍👩‍👧"), "backspace")).toBe("a|");
  expect(edited(lineOf("ae\u0301"), "left")).toBe("a|e\u0301");
});

test("editLine() makes one line of a pasted text", () => {
  expect(editLine(lineOf("do "), { paste: "one\n  two\n" })).toEqual(lineOf("do one two"));
});
