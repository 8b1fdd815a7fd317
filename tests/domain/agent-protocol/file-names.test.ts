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
  ])("makes %j to %j", (given, clean) => {
    expect(cleanFileNames([given])).toEqual([clean]);
  });

  test("keeps names apart, also where upper and lower case are the same", () => {
    expect(cleanFileNames(["a.txt", "A.txt", "x/a.txt"])).toEqual(["a.txt", "A-2.txt", "a-3.txt"]);
  });

  test("never makes a path, a hidden file or an empty name", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 5 }), (names) => {
        const clean = cleanFileNames(names);
        expect(clean).toHaveLength(names.length);
        expect(new Set(clean.map((name) => name.toLowerCase())).size).toBe(names.length);
        for (const name of clean) expect(name).toMatch(/^[^/\\\s.][^/\\\s]{0,109}$/u);
      }),
    );
  });
});
