import { expect, test } from "bun:test";
import { needKinds, needText, needVerb, needWords } from "../../../../src/domain/fleet/needs/need.ts";

test("needWords() has other words for each kind, and never those of an agent that works", () => {
  const words = needKinds.map(needWords);
  expect(new Set(words).size).toBe(needKinds.length);
  expect(words).not.toContain("working");
});

test("needVerb() makes a sentence with the agent's id before it", () => {
  expect(needKinds.map((kind) => `ada ${needVerb(kind)}`)).toEqual(
    expect.arrayContaining(["ada died", "ada is stuck", "ada asks", "ada has an error", "ada is lost"]),
  );
});

test("needText() says what it is about, if there is more to say", () => {
  expect(needText({ kind: "question", reason: "Which colour?" })).toBe("asks: Which colour?");
  expect(needText({ kind: "error", reason: "" })).toBe("error");
  expect(needText({ kind: "stuck", reason: "stuck" })).toBe("stuck");
});
