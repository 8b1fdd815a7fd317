import { expect, test } from "bun:test";
import { createRepeatGuard } from "../../src/loop/repeat-guard.ts";

test("createRepeatGuard() > counts the same call with the same result, whatever the order of its arguments", () => {
  const guard = createRepeatGuard();
  expect(guard.count("search", { text: "a", folder: "b" }, "none")).toBe(1);
  expect(guard.count("search", { folder: "b", text: "a" }, "none")).toBe(2);
  expect(guard.count("search", { text: "a", folder: ["b", { d: 1, c: 2 }] }, "none")).toBe(1);
  expect(guard.count("search", { text: "a", folder: ["b", { c: 2, d: 1 }] }, "none")).toBe(2);
});

test("createRepeatGuard() > another result is progress: a test that is run again and again counts each of them", () => {
  const guard = createRepeatGuard();
  const args = { command: ["npm", "test"] };
  expect([guard.count("run", args, "1 fails"), guard.count("run", args, "0 fail")]).toEqual([1, 1]);
});
