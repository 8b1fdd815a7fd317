import { expect, test } from "bun:test";
import { leastRatio } from "./quickest.ts";

test.each([
  [[0.5], 0.5, 1],
  [[3, 2, 1, 0], 1, 3],
  [[6, 5, 9, 7, 8, 0], 5, 5],
])("leastRatio() of %p, for 1 at most, is %d after %d tries", async (ratios, least, tries) => {
  const asked: number[] = [];
  const measure = async (time: number) => {
    asked.push(time);
    return ratios[time] ?? Number.NaN;
  };
  expect(await leastRatio(1, measure)).toBe(least);
  expect(asked).toEqual(Array.from({ length: tries }, (_, time) => time));
});
