// A found record shows the place where the searched words stand.
import { expect, test } from "bun:test";
import { parseQuery } from "../../src/search/query.ts";
import { snippetOf } from "../../src/search/snippet.ts";

const marked = (text: string, query: string) =>
  snippetOf(text, parseQuery(query))
    .map(({ text: part, hit }) => (hit === true ? `[${part}]` : part))
    .join("");

test.each([
  ["the quick brown fox", '"quick brown"', "the [quick brown] fox"],
  ["the quick, brown fox", '"quick brown" fox', "the [quick, brown] [fox]"],
  ["A Café near cafés", "cafe*", "A [Café] near [cafés]"],
  ["reads\n  read-order.ts\ttwice", "read-order.ts", "reads [read-order.ts] twice"],
  ["brown quick", '"quick brown"', "brown quick"],
  ["one two three", '"one two" two', "[one two] three"],
])("snippetOf() > %p for %s", (text, query, shown) => {
  expect(marked(text, query)).toBe(shown);
});

test("snippetOf() > shows the part of a long text that has the most of the words", () => {
  const filler = "lorem ipsum dolor ".repeat(200);
  const shown = marked(`needle ${filler} before the needle stands a thread ${filler}`, "needle thread");
  expect(shown).toContain("before the [needle] stands a [thread]");
  expect(shown.startsWith("…")).toBe(true);
  expect(shown.endsWith("…")).toBe(true);
  expect(shown.length).toBeLessThan(270);
});

test("snippetOf() > cuts no character in two, and takes a long text without blanks in bounded time", () => {
  const shown = marked(`${"😀".repeat(2_000)} needle ${"😀".repeat(100_000)}`, "needle");
  expect(shown).toContain("[needle]");
  expect(shown.isWellFormed()).toBe(true);
});
