// What people type is read as words and phrases, and nothing of it is taken for the index's syntax.
import { expect, test } from "bun:test";
import { agentFact, kindFact, matchOf, parseQuery } from "../../src/search/query.ts";
import { errorOf } from "../support/error-of.ts";

test.each([
  ["no answer", ["no", "answer"]],
  ['"no answer"', ["no answer"]],
  ['"no answer"* route', ["no answer*", "route"]],
  ["rout* Café", ["rout*", "cafe"]],
  ["src/read-order.ts", ["src read order ts"]],
  ['say"no answer"twice', ["say", "no answer", "twice"]],
  ["-> limit --", ["limit"]],
  ["NEAR(a b) OR NOT text:x ^c", ["near a", "b", "or", "not", "text x", "c"]],
])("parseQuery() > %s", (text, phrases) => {
  const read = parseQuery(text).map(({ words, isBeginning }) => words.join(" ") + (isBeginning ? "*" : ""));
  expect(read).toEqual(phrases);
});

test.each([
  ["", "no text to search for"],
  ["  ", "no text to search for"],
  ["--> ?!", '"--> ?!" has no word to search for'],
  ['say "no answer', 'a quotation mark in say "no answer is not closed'],
  ["a*", '"a*" finds too much'],
  ["x ".repeat(33), "33 words and phrases are given, and 32 are the most"],
  ["x".repeat(1_001), "the text to search for has 1001 characters, and 1,000 are the most"],
])("parseQuery() > refuses %p in words for a person", (text, message) => {
  expect(errorOf(() => parseQuery(text))).toMatchObject({ code: "usage", message });
});

test("matchOf() > puts each word in quotation marks, and filters by agents and kind", () => {
  const query = parseQuery('"no answer" rout*');
  expect(matchOf(query, {})).toBe('{text} : ("no answer" AND "rout" *)');
  expect(matchOf(query, { agents: ["ada", "bob"], kind: "said" })).toBe(
    '{text} : ("no answer" AND "rout" *) AND {facts} : ("aada" OR "abob") AND {facts} : "ksaid"',
  );
});

test("agentFact() > is one word, and another one for another agent", () => {
  const ids = ["ada-1", "ada_1", "ada1", "adaq1", "adaq2dx1", "ada"];
  const facts = ids.map(agentFact);
  expect(new Set(facts).size).toBe(ids.length);
  for (const fact of [...facts, kindFact("tool_start")]) expect(fact).toMatch(/^[A-Za-z0-9]+$/);
});
