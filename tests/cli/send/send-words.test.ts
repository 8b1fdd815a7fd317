import { describe, expect, test } from "bun:test";
import { readType, readWords, withTaskMeant } from "../../../src/cli/send/send-words.ts";
import { errorOf } from "../../support/error-of.ts";

describe("withTaskMeant()", () => {
  test("an agent and a text alone are a task; a command, a slip of one, and all that is more are left as they are", () => {
    const task = { command: "task", agent: "ada", text: "tidy up" };
    expect(withTaskMeant({ command: "ada", agent: "tidy up" })).toEqual(task);
    for (const words of [
      { command: "stop", agent: "ada" },
      { command: "stpo", agent: "ada" },
      { command: "ada" },
      { command: "ada", agent: "tidy up", text: "now" },
      { command: "ada", agent: "tidy up", all: true },
      { command: "not an id", agent: "tidy up" },
    ])
      expect(withTaskMeant(words)).toEqual(words);
  });
});

describe("readWords()", () => {
  test("takes the words after the agent for more agents of an order without a text", () => {
    expect(readWords({ command: "stop", agent: "ada", text: "bob" }, ["cid"])).toMatchObject({
      args: { command: "stop", agent: "ada" },
      others: ["bob", "cid"],
    });
    const task = { command: "task", agent: "ada", text: "tidy up" };
    expect(readWords(task, [])).toEqual({ args: task, others: [] });
  });

  test.each([
    [
      { command: "stop", agent: "ada", text: "bob" },
      ["that is", "enough"],
      'stop takes no text: "that is enough"',
      'give it as the reason: cliai send stop ada bob --reason "that is enough"',
    ],
    [
      { command: "stop", agent: "ada", text: "`id`" },
      [],
      'stop takes no text: "`id`"',
      'give it as the reason: cliai send stop ada --reason "…"',
    ],
    [
      { command: "task", agent: "ada", text: "tidy" },
      ["up"],
      'send takes no argument "up"',
      'put quotes around the text: cliai send task ada "tidy up"',
    ],
  ])("%j and %j is refused", (args, more, message, hint) => {
    expect(errorOf(() => readWords(args, more))).toMatchObject({ code: "usage", message, hint });
  });
});

describe("readType()", () => {
  test("knows the commands, and says what a word that is none may have meant", () => {
    expect(readType("pause", [])).toBe("pause");
    const hintFor = (word: string, words: readonly string[]) => errorOf(() => readType(word, words)).hint;
    expect(hintFor("puase", [])).toBe("did you mean pause?");
    expect(hintFor("ada", [])).toBe('give ada a task: cliai send ada "what to do"');
    expect(hintFor("not an id", [])).toBe("cliai send --help");
  });
});
