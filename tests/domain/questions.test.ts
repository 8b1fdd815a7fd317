import { describe, expect, test } from "bun:test";
import { answerLine, type Question, questionLines, readAnswers } from "../../src/domain/questions.ts";

const colour: Question = {
  question: "Which colour?",
  choices: [{ label: "red", description: "warm" }, { label: "green" }, { label: "blue" }],
};
const sizes: Question = {
  question: "Which sizes?",
  choices: [{ label: "S" }, { label: "M" }],
  several: true,
};
const open: Question = { question: "Which name?", choices: [] };
const sure: Question = {
  question: "Sure?",
  choices: [{ label: "yes" }, { label: "no" }],
  takes: "choice",
};
const count: Question = { question: "How many?", choices: [], takes: "whole_number" };
const share: Question = { question: "Which share?", choices: [], takes: "number" };
const years: Question = { question: "Which year?", choices: [{ label: "2025" }, { label: "2" }] };

describe("readAnswers()", () => {
  test.each<[string, readonly Question[], Parameters<typeof readAnswers>[2], string[]]>([
    ["a number is a choice", [colour], "2", ["green"]],
    ["words are words", [colour], " deep red, or so ", ["deep red, or so"]],
    ["several numbers are several choices", [sizes], "2, 1", ["M, S"]],
    ["the same number twice is one choice", [sizes], "1,1", ["S"]],
    ["numbers among words are words", [sizes], "1, and a coat", ["1, and a coat"]],
    ["a number that is a choice's label is that choice", [years], "2", ["2"]],
    ["a long number is words", [years], "2026", ["2026"]],
    ["a question without choices takes a number as it is", [open], "7", ["7"]],
    ["several questions take a line each", [colour, sizes], "3\n\n1,2\n", ["blue", "S, M"]],
    ["or a part each", [colour, sizes], ["3", "1,2"], ["blue", "S, M"]],
    [
      "what is ticked and typed stands together",
      [colour, sizes],
      [
        ["red", " but dark "],
        ["S", "M", ""],
      ],
      ["red, but dark", "S, M"],
    ],
    ["one question takes lines as they are", [open], "a\nb", ["a\nb"]],
    ["the fields of a form take what fits", [sure, count, share], ["1", "-3", "0.5"], ["yes", "-3", "0.5"]],
    ["a choice may be written in any case", [sure], "No", ["no"]],
  ])("%s", (_, questions, given, answers) => {
    expect(readAnswers("r1", questions, given)).toEqual(answers);
  });

  test.each<[string, readonly Question[], Parameters<typeof readAnswers>[2], string]>([
    ["too few", [colour, sizes], "1", "asks 2 questions, and got 1 answer"],
    ["too many", [colour], ["1", "2"], "asks a question, and got 2 answers"],
    ["an empty one", [colour, sizes], [["red"], [""]], "asks 2 questions, and got 1 answer"],
    ["none", [colour], "  ", "asks a question, and got 0 answers"],
    ["two choices where one is taken", [colour], "1,2", '"Which colour?" takes one choice, not 2'],
    ["a number that is no choice's", [sizes], "1,9", '"Which sizes?" has 2 choices; 9 is not one of them'],
    ["words for a choice of a form", [sure], "maybe", '"Sure?" takes one of its choices, not "maybe"'],
    ["a part of a whole number", [count], "3.5", '"How many?" takes a whole number, not "3.5"'],
    ["words for a number", [share], "half", '"Which share?" takes a number, not "half"'],
    ["zero", [colour], "0", '"Which colour?" has 3 choices; 0 is not one of them'],
  ])("%s is refused", (_, questions, given, message) => {
    expect(() => readAnswers("r1", questions, given)).toThrow(message);
  });
});

test("questionLines() numbers the choices, and the questions where there are several", () => {
  expect(questionLines([colour])).toEqual(["Which colour?", "1. red – warm", "2. green", "3. blue"]);
  expect(questionLines([count, sure])).toEqual([
    "Question 1: How many? (a whole number)",
    "Question 2: Sure?",
    "1. yes",
    "2. no",
  ]);
  expect(questionLines([open, sizes])).toEqual([
    "Question 1: Which name?",
    "Question 2: Which sizes? (one or more)",
    "1. S",
    "2. M",
  ]);
});

describe("answerLine()", () => {
  test("is a command that the questions take as it stands", () => {
    const sizesOf = (count: number, several: boolean): Question => ({
      ...{
        question: "Which?",
        several,
        choices: ["S", "M", "L"].slice(0, count).map((label) => ({ label })),
      },
    });
    const all = [1, 2, 3].flatMap((count) => [sizesOf(count, false), sizesOf(count, true)]);
    const line = answerLine("r1", all);
    expect(line).toBe("cliai answer r1 1 1 2 1,2 2 1,3");
    expect(readAnswers("r1", all, line.split(" ").slice(3))).toEqual(["S", "S", "M", "S, M", "M", "S, L"]);
  });

  test("names no number for a question without choices", () => {
    expect(answerLine("r1", [open, colour])).toBe('cliai answer r1 "…" 2');
  });
});
