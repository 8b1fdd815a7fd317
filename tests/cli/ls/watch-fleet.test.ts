import { expect, test } from "bun:test";
import { fitRows } from "../../../src/cli/ls/watch-fleet.ts";

test("fitRows() keeps the heading and the end of the list, where those are who need a person", () => {
  const lines = ["agent", "a", "b", "c", "d", "1 needs you"];
  expect(fitRows(lines, 6)).toEqual(lines);
  expect(fitRows(lines, 4)).toEqual(["agent", "… 3 more", "d", "1 needs you"]);
  expect([3, 2, 1, 0].map((rows) => fitRows(lines, rows).length)).toEqual([3, 2, 1, 0]);
});
