// The words of an agent's status: each has a look of its own, and docs/words.md says what it means.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unknownText } from "../../../src/domain/fleet/agent-view.ts";
import { lookOf, statusWords } from "../../../src/domain/fleet/status-look.ts";

const words = readFileSync(join(import.meta.dirname, "../../../docs/words.md"), "utf8");

/** The words in the first column of the two tables of statuses. */
const explained = words
  .slice(words.indexOf("**Of an agent that is online:**"), words.indexOf("\n## When it was heard"))
  .split("\n")
  .flatMap((line) => /^\| `(\w+)` \|/.exec(line)?.[1] ?? []);

describe("statusWords", () => {
  test("are those that docs/words.md explains, each once", () => {
    expect(explained.toSorted()).toEqual([...statusWords, unknownText].toSorted());
  });
});

describe("lookOf()", () => {
  test("a word that is no status looks like an unknown one", () => {
    expect(lookOf("dancing")).toEqual(lookOf(unknownText));
    expect(lookOf("dancing")).not.toEqual(lookOf("idle"));
  });
});
