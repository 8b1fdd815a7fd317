import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLineReader, type LongLine } from "../../src/bridge/line-reader.ts";

function read(chunks: readonly Uint8Array[], maxLineBytes: number): (string | LongLine)[] {
  const seen: (string | LongLine)[] = [];
  const reader = createLineReader(
    maxLineBytes,
    (line) => seen.push(line),
    (line) => seen.push(line),
  );
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return seen;
}

function split(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let start = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  return [...chunks, bytes.subarray(start)];
}

describe("createLineReader()", () => {
  test("lines come out the same however their bytes are cut, also inside a character", () => {
    const line = fc.string({ unit: "grapheme", minLength: 1 }).map((text) => JSON.stringify(text));
    const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.array(line), cuts, fc.constantFrom("\n", "\r\n"), (lines, sizes, newline) => {
        const bytes = Buffer.from(lines.map((text) => text + newline).join(""));
        expect(read(split(bytes, sizes), 1_000_000)).toEqual(lines);
      }),
    );
  });

  test("a line over the limit is told by its length and its ends, and the next line is whole", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 30 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 10_001, max: 40_000 }), (cuts, length) => {
        const long = `head${"x".repeat(length - 8)}tail`;
        const seen = read(split(Buffer.from(`one\n${long}\ntwo\n`), cuts), 10_000);
        expect(seen).toEqual([
          "one",
          { bytes: length, head: long.slice(0, 4_096), tail: long.slice(-4_096) },
          "two",
        ]);
      }),
    );
  });

  test("a line as long as the limit is still a line, and a last one needs no newline", () => {
    expect(read([Buffer.from("12345\n123456\n\n  \nend")], 5)).toEqual([
      "12345",
      { bytes: 6, head: "123456", tail: "123456" },
      "end",
    ]);
  });
});
