import { describe, expect, test } from "bun:test";
import { answeredInput, readAsking, readQuestions } from "../../../src/agents/claude/claude-questions.ts";

const input = {
  questions: [
    {
      ...{ question: "Which?", header: "Colour", multiSelect: false },
      options: [{ label: "red", description: "warm", preview: "█" }, { label: "blue" }],
    },
    { question: "How many?", multiSelect: true, options: [] },
    { question: "Why?" },
  ],
};

describe("readQuestions()", () => {
  test("reads each question with its choices, and what the CLI says of them", () => {
    expect(readQuestions(input)).toEqual([
      {
        ...{ question: "Which?", header: "Colour" },
        choices: [{ label: "red", description: "warm", preview: "█" }, { label: "blue" }],
      },
      { question: "How many?", choices: [], several: true },
      { question: "Why?", choices: [] },
    ]);
  });

  test.each([[undefined], ["text"], [{}], [{ questions: "Which?" }], [{ questions: [{ question: 7 }] }]])(
    "of %j there are none",
    (unknown) => expect(readQuestions(unknown)).toEqual([]),
  );
});

describe("readAsking()", () => {
  test("tells the two tools that ask the user from all others", () => {
    expect(readAsking("AskUserQuestion", input).questions).toHaveLength(3);
    expect(readAsking("AskUserQuestion", {})).toEqual({ questions: [] });
    expect(readAsking("ExitPlanMode", { plan: "dig" })).toEqual({ plan: "dig" });
    expect(readAsking("ExitPlanMode", { plan: 7 })).toEqual({ plan: "" });
    expect(readAsking("Bash", input)).toEqual({});
  });
});

describe("answeredInput()", () => {
  test("is the input with the answers by the texts of their questions; one that is missing is empty", () => {
    expect(answeredInput(input, ["blue", "3"])).toEqual({
      ...input,
      answers: { "Which?": "blue", "How many?": "3", "Why?": "" },
    });
  });
});
