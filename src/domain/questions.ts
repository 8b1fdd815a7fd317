// The questions that an agent's CLI asks in one dialog, each with its choices. Turns a person's or a captain's words into
// one answer for each question. Pure.
import * as v from "valibot";
import { CliaiError } from "./text/errors.ts";

const ChoiceSchema = v.looseObject({
  label: v.string(),
  description: v.optional(v.string()),
  /** A preview of the choice, such as code; shown unchanged. */
  preview: v.optional(v.string()),
});

export const QuestionSchema = v.looseObject({
  question: v.string(),
  /** The question in a word or two. */
  header: v.optional(v.string()),
  choices: v.array(ChoiceSchema),
  /** Whether more than one choice may be taken. */
  several: v.optional(v.boolean()),
  /** What an answer must be, for the field of a form. Absent: any words. */
  takes: v.optional(v.picklist(["choice", "number", "whole_number"])),
});
export type Question = v.InferOutput<typeof QuestionSchema>;

/** The answer to one question: numbers of choices, or words. A list holds the ticked choices and the typed words. */
export type AnswerPart = string | readonly string[];

/** What the answer to a question must be, in words for a person; undefined if it may be any text. */
export function takesText({ takes }: Pick<Question, "takes">): string | undefined {
  return takes && { choice: "one of its choices", number: "a number", whole_number: "a whole number" }[takes];
}

/**
 * One answer for each question, in order: `1,3` selects two choices; other words are the answer itself.
 * @param given the answers, or one text with a line for each question
 * @throws CliaiError `usage` for too few or too many answers, a number without a choice, or an answer that its question does not take
 */
export function readAnswers(
  requestId: string,
  questions: readonly Question[],
  given: string | readonly AnswerPart[],
): string[] {
  const parts = typeof given === "string" ? partsOf(given, questions.length) : given;
  const answers = parts.map((part, index) => chosen(requestId, questions[index], part));
  if (answers.length === questions.length && !answers.includes("")) {
    return answers.map((answer, index) => fitting(requestId, questions[index], answer));
  }
  const count = answers.filter((answer) => answer !== "").length;
  const asks = questions.length === 1 ? "asks a question" : `asks ${questions.length} questions`;
  const got = count === 1 ? "1 answer" : `${count} answers`;
  throw new CliaiError("usage", `request ${requestId} ${asks}, and got ${got}`, {
    hint: `give one for each, in their order: ${answerLine(requestId, questions)}`,
  });
}

/** An example of the command that answers the questions, for a hint. It names only choices that they have. */
export function answerLine(requestId: string, questions: readonly Question[]): string {
  return `cliai answer ${requestId} ${questions.map(exampleOf).join(" ")}`;
}

function exampleOf({ choices, several = false }: Question): string {
  if (choices.length === 0) return '"…"';
  if (choices.length === 1) return "1";
  return several ? `1,${Math.min(3, choices.length)}` : "2";
}

/** The lines that show a person or a captain each question and its numbered choices. */
export function questionLines(questions: readonly Question[]): string[] {
  return questions.flatMap(({ question, choices, several = false, takes }, index) => [
    `${questions.length > 1 ? `Question ${index + 1}: ` : ""}${question}${several ? " (one or more)" : ""}${takenText(takes)}`,
    ...choices.map(({ label, description }, place) => {
      const about = description === undefined || description === "" ? "" : ` – ${description}`;
      return `${place + 1}. ${label}${about}`;
    }),
  ]);
}

function partsOf(text: string, count: number): string[] {
  if (count === 1) return [text];
  return text.split("\n").filter((line) => line.trim() !== "");
}

function chosen(requestId: string, question: Question | undefined, part: AnswerPart): string {
  if (typeof part !== "string") return joined(part);
  const { choices = [], several = false } = question ?? {};
  const labels = choices.map(({ label }) => label);
  const words = part.split(",").map((word) => word.trim());
  const isByNumber = words.every((word) => /^\d{1,3}$/.test(word)) && !labels.includes(part.trim());
  if (choices.length === 0 || !isByNumber) return part.trim();
  if (words.length > 1 && !several) {
    throw new CliaiError("usage", `"${question?.question}" takes one choice, not ${words.length}`, {
      hint: `answer request ${requestId} with one number from 1 to ${choices.length}, or in words`,
    });
  }
  const taken = words.map((word) => labels[Number(word) - 1]);
  const missing = words[taken.indexOf(undefined)];
  if (missing === undefined) return joined(taken as string[]);
  throw new CliaiError(
    "usage",
    `"${question?.question}" has ${choices.length} choices; ${missing} is not one of them`,
    {
      hint: `answer request ${requestId} with a number from 1 to ${choices.length}, or in words`,
    },
  );
}

/** The answer, with a choice in the words of its label. */
function fitting(requestId: string, question: Question | undefined, answer: string): string {
  const { choices = [], takes } = question ?? {};
  const labels = choices.map(({ label }) => label);
  const found = labels.find((label) => label.toLowerCase() === answer.toLowerCase());
  const isNumber = Number.isFinite(Number(answer));
  const fits = {
    choice: found !== undefined,
    number: isNumber,
    whole_number: isNumber && Number.isInteger(Number(answer)),
  };
  if (takes === undefined || fits[takes]) return takes === "choice" ? (found ?? answer) : answer;
  const words = takesText({ takes });
  throw new CliaiError("usage", `"${question?.question}" takes ${words}, not "${answer}"`, {
    hint: `answer request ${requestId} with ${takes === "choice" ? labels.join(" or ") : words}`,
  });
}

function takenText(takes: Question["takes"]): string {
  const words = takes === "choice" ? undefined : takesText({ takes });
  return words === undefined ? "" : ` (${words})`;
}

function joined(words: readonly string[]): string {
  return [...new Set(words.map((word) => word.trim()).filter((word) => word !== ""))].join(", ");
}
