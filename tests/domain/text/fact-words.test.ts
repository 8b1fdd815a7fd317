import { describe, expect, test } from "bun:test";
import { idFact, inputWords, longFact, shortFact } from "../../../src/domain/text/fact-words.ts";

describe("shortFact() and longFact()", () => {
  test("keep a text that is short, and what is undefined", () => {
    expect(shortFact("ls -la")).toBe("ls -la");
    expect([shortFact(undefined), longFact(undefined)]).toEqual([undefined, undefined]);
  });

  test("cut a long one, without half a character", () => {
    expect(shortFact("x".repeat(500))).toHaveLength(200);
    expect(longFact("x".repeat(500))).toHaveLength(300);
    expect(shortFact(`${"x".repeat(199)}😀`).isWellFormed()).toBe(true);
  });

  test("remove a secret that the cut would have left in half", () => {
    const secret = `Bearer ${"a".repeat(60)}`;
    expect(shortFact(`${"x".repeat(190)} ${secret}`)).not.toContain("aaa");
  });
});

test("idFact() cuts an id that no CLI gives", () => {
  expect(idFact("call_1")).toBe("call_1");
  expect(idFact("c".repeat(200))).toHaveLength(128);
});

describe("inputWords()", () => {
  test.each([
    [{ command: "ls", description: "lists" }, "ls"],
    [{ description: "d", filePath: "/a/b" }, "/a/b"],
    [{ command: "", path: "/c" }, "/c"],
    [{ command: 7, other: "x" }, undefined],
    ["ls", undefined],
    [null, undefined],
  ])("of %j are %j", (input, words) => {
    expect(inputWords(input)).toBe(words);
  });
});
