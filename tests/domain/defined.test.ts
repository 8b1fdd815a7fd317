import { describe, expect, test } from "bun:test";
import { definedOf } from "../../src/domain/defined.ts";

describe("definedOf()", () => {
  test("leaves out the fields that are undefined, as if they had not been written", () => {
    const fields = definedOf({ a: undefined, b: 1, c: undefined });
    expect(Object.keys(fields)).toEqual(["b"]);
    expect({ a: "before", ...fields }).toEqual({ a: "before", b: 1 });
  });

  test("keeps null, 0, false and the empty text: these are values", () => {
    expect(definedOf({ a: null, b: 0, c: false, d: "" })).toEqual({ a: null, b: 0, c: false, d: "" });
  });

  test("does not change what it is given", () => {
    const given = Object.freeze({ a: undefined, b: 1 });
    expect(definedOf(given)).not.toBe(given);
    expect(given).toEqual({ a: undefined, b: 1 });
  });
});
