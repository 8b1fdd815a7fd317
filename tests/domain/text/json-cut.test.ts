import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createJsonCut } from "../../../src/domain/text/json-cut.ts";

/** What is left of the text, given in pieces of the size. */
function cut(text: string, longest: number, pieceBytes = 3): string {
  const bytes = new TextEncoder().encode(text);
  const take = createJsonCut(longest);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let left = "";
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    left += decoder.decode(take(bytes.subarray(at, at + pieceBytes)), { stream: true });
  }
  return left + decoder.decode();
}

describe("createJsonCut()", () => {
  test("of a long string the beginning is left, and everything after it", () => {
    const text = JSON.stringify({
      hook_event_name: "PostToolUse",
      tool_response: "x".repeat(50),
      tool_use_id: "u1",
    });
    expect(JSON.parse(cut(text, 20))).toEqual({
      hook_event_name: "PostToolUse",
      tool_response: "x".repeat(20),
      tool_use_id: "u1",
    });
  });

  test("neither an escape nor a character of several bytes is cut in two", () => {
    for (const unit of ["\\n", '\\"', "\\\\", "\\u00e9", "é", "€", "😀"]) {
      for (let longest = 1; longest < 30; longest += 1) {
        const whole: { a: string; b: number } = JSON.parse(`{"a":"${unit.repeat(20)}","b":1}`);
        const left: typeof whole = JSON.parse(cut(`{"a":"${unit.repeat(20)}","b":1}`, longest));
        expect(left.b).toBe(1);
        expect(whole.a.startsWith(left.a)).toBe(true);
      }
    }
  });

  test("any value stays JSON, and one without long strings stays as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 9 }), (value, pieceBytes) => {
        const text = JSON.stringify(value);
        expect(cut(text, 1_000_000, pieceBytes)).toBe(text);
        expect(() => JSON.parse(cut(text, 3, pieceBytes))).not.toThrow();
      }),
    );
  });
});
