import { expect, test } from "bun:test";
import fc from "fast-check";
import { fairShare } from "../../../src/domain/transcript/fair-share.ts";

test("fairShare() takes only from those that have the most", () => {
  expect(fairShare([], 10)).toBe(Number.POSITIVE_INFINITY);
  expect(fairShare([4, 6], 10)).toBe(Number.POSITIVE_INFINITY);
  expect(fairShare([100, 1, 2], 13)).toBe(10);
  expect(fairShare([100, 90, 1], 21)).toBe(10);
  expect(fairShare([5, 5, 5, 5], 10)).toBe(2.5);
});

test("fairShare() leaves no more than may be left, and uses all of it", () => {
  const cases = fc.tuple(
    fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 30 }),
    fc.integer({ min: 1, max: 5_000 }),
  );
  fc.assert(
    fc.property(cases, ([sizes, most]) => {
      const share = fairShare(sizes, most);
      const kept = sizes.reduce((sum, size) => sum + Math.min(size, share), 0);
      const all = sizes.reduce((sum, size) => sum + size, 0);
      expect(kept).toBeCloseTo(Math.min(all, most), 6);
    }),
  );
});
