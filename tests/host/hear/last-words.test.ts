import { describe, expect, test } from "bun:test";
import { createLastWords } from "../../../src/host/hear/last-words.ts";

function start() {
  const said: string[] = [];
  let nowMs = 0;
  const words = createLastWords({
    events: { send: ({ detail }) => void said.push(detail ?? "") },
    now: () => new Date(nowMs),
  });
  return {
    ...{ words, said },
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

describe("createLastWords()", () => {
  test("what is said before a tool, or before more words, is told at once; the last words once, at the end", () => {
    const { words, said } = start();
    words.heard("I will look.");
    expect(said).toEqual([]);
    words.goesOn();
    expect(said).toEqual(["I will look."]);
    words.heard("There is a bug.");
    words.heard("It is mended. ");
    expect(said).toEqual(["I will look.", "There is a bug."]);
    words.note("It is mended.");
    expect(words.tell()).toBe("It is mended.");
    expect(said).toEqual(["I will look.", "There is a bug.", "It is mended."]);
    // The record tells it once more.
    words.heard("It is mended.");
    words.heard("The next one.");
    words.goesOn();
    expect(said.slice(3)).toEqual(["The next one."]);
  });

  test("an end that was held back, or is told by nobody, loses no words", () => {
    const { words, said } = start();
    words.note("Done?");
    words.heard("Done?");
    words.goesOn();
    words.heard("More.");
    expect(words.tell()).toBe("");
    expect(said).toEqual(["Done?", "More."]);
  });

  test("a text is cut at 4,000 characters, and has no secret", () => {
    const { words, said } = start();
    words.heard(`sk-${"a".repeat(20)} ${"word ".repeat(1_000)}`);
    words.goesOn();
    expect(said[0]).toMatch(/^\*\*\* (word )+.*…$/);
    expect(said[0]).toHaveLength(4_000);
  });

  test("a model that never stops talking sends a bounded number of events, and what it said meanwhile in the next one", () => {
    const { words, said, pass } = start();
    for (let i = 0; i < 1_000; i += 1) {
      words.heard(`word ${i}`);
      words.goesOn();
    }
    expect(said).toHaveLength(20);
    pass(3_000);
    words.heard("later");
    words.goesOn();
    expect(said).toHaveLength(21);
    expect(said[20]).toStartWith("word 20\nword 21\n");
    expect(said[20]?.length).toBeLessThanOrEqual(4_000);
    words.note("end");
    words.tell();
    expect(said.at(-1)).toBe("end");
  });
});
