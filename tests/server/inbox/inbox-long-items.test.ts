import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { charactersPerItem, cutText } from "../../../src/server/inbox/inbox-long-items.ts";

/** Reads a text as an agent does: piece by piece, each from where the one before says. */
function readAll(whole: string): string[] {
  const pieces: string[] = [];
  for (let offset: number | undefined = 0; offset !== undefined; ) {
    const { text, next_offset } = cutText(whole, offset);
    pieces.push(text);
    if (next_offset !== undefined && next_offset <= offset) throw new Error("it does not go on");
    offset = next_offset;
  }
  return pieces;
}

describe("cutText()", () => {
  test("gives a text that fits as it is", () => {
    const text = "x".repeat(charactersPerItem);
    expect(cutText(text)).toEqual({ text });
    expect(cutText("")).toEqual({ text: "" });
  });

  test("cuts a longer one, and says how long it is and where the rest begins", () => {
    const whole = `${"x".repeat(charactersPerItem)}end`;
    const full_length = whole.length;
    expect(cutText(whole)).toMatchObject({ truncated: true, full_length, next_offset: charactersPerItem });
    expect(cutText(whole, charactersPerItem)).toEqual({ text: "end", truncated: true, full_length });
  });

  test("ends with a piece that is full", () => {
    expect(readAll("x".repeat(2 * charactersPerItem))).toHaveLength(2);
  });

  test("says of an offset behind the end that nothing is there", () => {
    expect(cutText("short", 99)).toEqual({ text: "", truncated: true, full_length: 5 });
  });

  test("never cuts a character in two, and the pieces are the whole text", () => {
    const texts = fc
      .tuple(
        fc.integer({ min: charactersPerItem - 3, max: charactersPerItem + 1 }),
        fc.integer({ max: 3, min: 0 }),
      )
      .map(([before, more]) => `${"x".repeat(before)}😀😀${"é".repeat(more)}`);
    fc.assert(
      fc.property(texts, (whole) => {
        const pieces = readAll(whole);
        expect(pieces.join("")).toBe(whole);
        for (const piece of pieces) {
          expect(piece.isWellFormed()).toBe(true);
          expect(piece.length).toBeLessThanOrEqual(charactersPerItem);
        }
      }),
    );
  });
});
