import { expect, test } from "bun:test";
import { createWorkingSpans } from "../../../src/domain/watchdog/working-spans.ts";

const lookEvery = 5_000;

test("an agent works since it was first seen so, and anew after each break of its own", () => {
  const { see } = createWorkingSpans();
  expect(see("ada", true, 1_000)).toBe(1_000);
  expect(see("ada", true, 1_000 + lookEvery)).toBe(1_000);
  expect(see("bob", false, 1_000 + lookEvery)).toBeUndefined();
  // It is paused for a while.
  expect(see("ada", false, 1_000 + 2 * lookEvery)).toBeUndefined();
  expect(see("ada", true, 1_000 + 3 * lookEvery)).toBe(1_000 + 3 * lookEvery);
  expect(see("bob", true, 1_000 + 3 * lookEvery)).toBe(1_000 + 3 * lookEvery);
});

test("a time in which nobody has looked, and a clock that jumps, begin it anew for all", () => {
  const { see } = createWorkingSpans();
  for (const id of ["ada", "bob"]) see(id, true, 1_000);
  expect(see("ada", true, 3_600_000)).toBe(3_600_000);
  expect(see("bob", true, 3_600_000)).toBe(3_600_000);
  expect(see("ada", true, 1_000)).toBe(1_000);
});
