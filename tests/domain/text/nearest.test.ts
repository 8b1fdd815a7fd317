import { describe, expect, test } from "bun:test";
import { didYouMean, nearest } from "../../../src/domain/text/nearest.ts";

describe("nearest()", () => {
  test("finds a slip of the finger, in any case", () => {
    expect(nearest("Snake-1243", ["Snake-1234", "Otter-9999"])).toEqual(["Snake-1234"]);
    expect(nearest("ADA", ["ada"])).toEqual(["ada"]);
  });

  test("finds a name from its beginning", () => {
    expect(nearest("snak", ["Snake-1234", "Otter-9999"])).toEqual(["Snake-1234"]);
  });

  test("gives the nearest first, three at most, and nothing far", () => {
    expect(nearest("task", ["tusk", "task1", "mask", "tasks", "zebra"])).toEqual(["task1", "tasks", "mask"]);
    expect(didYouMean("zzzzzz", ["ada", "bob"])).toBeUndefined();
    expect(didYouMean("x", ["ls", "rm"])).toBeUndefined();
    expect(didYouMean("aad", ["ada"])).toBe("did you mean ada?");
  });
});
