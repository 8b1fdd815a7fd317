import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { findJsonError } from "../../../src/domain/text/json-error.ts";

describe("findJsonError()", () => {
  test.each([
    ["", 1, 1],
    ["{", 1, 2],
    ['{"a": 1,}', 1, 9],
    ['{\n  "a": 1,\n  "b": 2\n  "c": 3\n}', 4, 3],
    ['{"a": 1} x', 1, 10],
    ["[1, 2", 1, 6],
    ["[1 2]", 1, 4],
    ["[1, 2}", 1, 6],
    ['{"a" 1}', 1, 6],
    ["{a: 1}", 1, 2],
    ["{'a': 1}", 1, 2],
    ['{"a": tru}', 1, 7],
    ['{"a": 01}', 1, 7],
    ['{\n  // why\n  "a": 1\n}', 2, 3],
    ['{"a": "b\nc"}', 1, 7],
    ["undefined", 1, 1],
  ])("of %j is at line %d, column %d", (text, line, column) => {
    expect(findJsonError(text)).toEqual({ line, column });
  });

  test("there is none in JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(4), (value, indent) => {
        expect(findJsonError(JSON.stringify(value, null, indent))).toBeUndefined();
      }),
    );
  });

  test("there is one in whatever JSON.parse refuses, and none in what it takes", () => {
    const broken = fc
      .tuple(fc.jsonValue(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', ":", "x", " ", "\n"))
      .map(([value, place, put]) => {
        const text = JSON.stringify(value);
        const at = place % (text.length + 1);
        return text.slice(0, at) + put + text.slice(at + (place % 2));
      });
    const parses = (text: string) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(broken, (text) => expect(findJsonError(text) === undefined).toBe(parses(text))),
      { numRuns: 500 },
    );
  });
});
