import { describe, expect, test } from "bun:test";
import { dropOldest, keyOf } from "../../../src/host/routes/item-text.ts";

describe("keyOf()", () => {
  test("tells two orders of one id apart by their tokens", () => {
    expect(keyOf({ id: "a", token: "x" })).not.toBe(keyOf({ id: "a", token: "y" }));
    expect(keyOf({ id: "a" })).toBe(keyOf({ id: "a" }));
  });
});

describe("dropOldest()", () => {
  test("keeps 10,000, and drops the first that came", () => {
    const kept = new Set(Array.from({ length: 10_000 }, (_, i) => `${i}`));
    dropOldest(kept);
    expect(kept.size).toBe(10_000);
    kept.add("new");
    dropOldest(kept);
    expect([kept.size, kept.has("0"), kept.has("1"), kept.has("new")]).toEqual([10_000, false, true, true]);
  });
});
