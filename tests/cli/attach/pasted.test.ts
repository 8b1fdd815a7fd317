// Pasted text among the keys of `cliai attach`.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { createPasteFilter } from "../../../src/cli/attach/pasted.ts";

const [begin, end] = ["\u001b[200~", "\u001b[201~"];

function filtered(...reads: readonly string[]): string {
  const filter = createPasteFilter();
  return reads.map(filter).join("");
}

test.each<[string, readonly string[], string]>([
  ["keys pass as they are", ["ls\r", "\u001b[A\u0003", "\u001b", "[20", "x"], "ls\r\u001b[A\u0003\u001b[20x"],
  [
    "a text passes with its lines, and the keys around it",
    [`a\u0003${begin}one\r\ntwo\t3\r${end}\r`, "\u0003"],
    `a\u0003${begin}one\r\ntwo\t3\r${end}\r\u0003`,
  ],
  [
    "control characters are left out of a text",
    [`${begin}a\u0003b\u001cc\u001bd\u009be${end}`],
    `${begin}abcde${end}`,
  ],
  ["a mark in a text does not end it", [`${begin}one${end}two\u0003${end}`], `${begin}onetwo${end}`],
  ["a mark in a text does not begin another one", [`${begin}one${begin}two${end}`], `${begin}onetwo${end}`],
  [
    "a text comes in several reads, then keys",
    [`${begin}one\u0007`, "two\u0007\r", `three${end}`, "\u0003"],
    `${begin}onetwo\rthree${end}\u0003`,
  ],
  [
    "another text begins in the read in which one ends",
    [`${begin}one${end}k${begin}two\u0007`, `\u0007${end}`],
    `${begin}one${end}k${begin}two${end}`,
  ],
  [
    "a mark in a text is not made by leaving another one out",
    [`${begin}\u001b[20${end}1~x${end}`],
    `${begin}[201~x${end}`,
  ],
])("createPasteFilter(): %s", (_, reads, expected) => {
  expect(filtered(...reads)).toBe(expected);
});

test("createPasteFilter() finds both marks wherever a read ends", () => {
  const keys = `k${begin}a\u0007b${end}\u0003`;
  for (let at = 0; at <= keys.length; at += 1)
    expect(filtered(keys.slice(0, at), keys.slice(at))).toBe(`k${begin}ab${end}\u0003`);
  expect(filtered(...keys)).toBe(`k${begin}ab${end}\u0003`);
});

test("createPasteFilter() takes a paste whose end does not come for over after two seconds", () => {
  let atMs = 0;
  const filter = createPasteFilter(() => atMs);
  const leaves = "\u001c";
  expect(filter(`${begin}one`)).toBe(`${begin}one`);
  atMs = 1_999;
  expect(filter(leaves)).toBe("");
  atMs = 3_999;
  expect(filter(leaves)).toBe(leaves);
});

test("createPasteFilter() changes nothing outside of a paste", () => {
  const parts = fc.array(fc.constantFrom("a", "\u001b", "[", "2", "0", "1", "~", "\u0003", end));
  fc.assert(
    fc.property(fc.array(parts), (reads) => {
      const texts = reads.map((each) => each.join(""));
      fc.pre(!texts.join("").includes(begin));
      expect(filtered(...texts)).toBe(texts.join(""));
    }),
  );
});
