import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cleanFileNames } from "../../../src/domain/agent-protocol/file-names.ts";

describe("cleanFileNames()", () => {
  test.each([
    ["notes.txt", "notes.txt"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\kim\\a b.txt", "a_b.txt"],
    ["..", "attachment"],
    [".bashrc", "bashrc"],
    ["-rf", "rf"],
    ["", "attachment"],
    ["CON.txt", "file-CON.txt"],
    ["a\u202Etxt.exe", "atxt.exe"],
    ["a;rm *.md", "a_rm_.md"],
    [`${"n".repeat(300)}.pdf`, `${"n".repeat(96)}.pdf`],
    [`${"文".repeat(300)}.pdf`, `${"文".repeat(65)}.pdf`],
    [`${"n".repeat(99)}.文文`, "n".repeat(99)],
  ])("makes %j to %j", (given, clean) => {
    expect(cleanFileNames([given])).toEqual([clean]);
  });

  test("keeps names apart, also where upper and lower case are the same", () => {
    expect(cleanFileNames(["a.txt", "A.txt", "x/a.txt"])).toEqual(["a.txt", "A-2.txt", "a-3.txt"]);
  });

  test("has room for the number of a long name", () => {
    const long = `${"n".repeat(300)}.pdf`;
    expect(cleanFileNames([long, long])[1]).toBe(`${"n".repeat(94)}-2.pdf`);
  });

  test("never makes a path, a hidden file, an empty name, or one too long for a file system", () => {
    const long = fc.constantFrom("n", "文", "\u{1F600}").map((unit) => unit.repeat(300));
    const name = fc.oneof(fc.string({ unit: "binary" }), long);
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), (names) => {
        const clean = cleanFileNames(names);
        expect(clean).toHaveLength(names.length);
        expect(new Set(clean.map((name) => name.toLowerCase())).size).toBe(names.length);
        for (const each of clean) {
          expect(each).toMatch(/^[^/\\\s.][^/\\\s]{0,99}$/u);
          expect(Buffer.byteLength(each)).toBeLessThanOrEqual(200);
        }
      }),
    );
  });
});
