import { expect, test } from "bun:test";
import { isHere } from "../../../src/domain/nodes/node-view.ts";

test("isHere() holds until three heartbeats are missed", () => {
  expect(isHere(44_999, 15)).toBe(true);
  expect(isHere(45_000, 15)).toBe(false);
});
