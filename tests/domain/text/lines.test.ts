import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createLineSplitter } from "../../../src/domain/text/lines.ts";

test("createLineSplitter() gives the lines of a text, in whatever parts it comes", () => {
  const line = fc.string({ unit: fc.constantFrom("a", "\u2028", "\u2029", "\u0085", "\v", "é") });
  fc.assert(
    fc.property(
      fc.array(line),
      line,
      fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
      (lines, last, sizes) => {
        const text = [...lines, last].join("\n");
        const splitter = createLineSplitter();
        const seen: string[] = [];
        for (let start = 0; start < text.length; ) {
          const size = sizes.next().value;
          seen.push(...splitter.push(text.slice(start, start + size)));
          start += size;
        }
        expect([...seen, splitter.rest()]).toEqual([...lines, last]);
      },
    ),
  );
});

test("createLineSplitter() takes a return before the line feed as part of the end", () => {
  const splitter = createLineSplitter();
  expect(splitter.push("one\r\ntwo\rthree\r")).toEqual(["one"]);
  expect(splitter.push("\n")).toEqual(["two\rthree"]);
  expect(splitter.rest()).toBe("");
});
