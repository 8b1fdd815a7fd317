import { expect, test } from "bun:test";
import { ruleForWords } from "../../../src/domain/rules/rule-words.ts";

const place = { project: "/work/shop", host: "mill" };

test.each([
  [{ scope: "session" }, "for this session of ada"],
  [{ scope: "agent", ...place }, "always, for ada in /work/shop on mill"],
  [{ scope: "profile", profile: "coder", ...place }, "always, for every coder in /work/shop on mill"],
] as const)("ruleForWords(%p)", (rule, words) => {
  expect(ruleForWords(rule, "ada")).toBe(words);
});

test("ruleForWords() names the last folders of a long path", () => {
  const project = `/${"a".repeat(40)}/${"b".repeat(20)}/shop`;
  expect(ruleForWords({ scope: "agent", project, host: "mill" }, "ada")).toBe(
    `always, for ada in …/${"b".repeat(20)}/shop on mill`,
  );
});
