// Reads a person's answer to a request, from the API's JSON or from the page's form.
import * as v from "valibot";
import type { AnswerWords } from "../../domain/request-answer.ts";
import { type RuleFor, RuleForSchema } from "../../domain/rules/standing-rule.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { checkMessage, parseJson } from "../../domain/wire/decode.ts";

export const AnswerBodySchema = v.strictObject(
  {
    text: v.optional(v.string("text must be text")),
    answers: v.optional(
      v.array(
        v.union([v.string(), v.array(v.string())], "each of answers must be text, or a list of texts"),
        "answers must be a list, one for each question",
      ),
    ),
    approved: v.optional(v.boolean("approved must be true or false")),
    reason: v.optional(v.string("reason must be text")),
  },
  (issue) =>
    issue.expected === "never" ? `unknown field ${issue.received}` : "the body must be a JSON object",
);

const AnswerFormSchema = v.object({
  text: v.optional(v.string()),
  /** The button that was pressed: the text of a choice, or a verdict. */
  choice: v.optional(v.string()),
  verdict: v.optional(v.picklist(["approve", "refuse"], "verdict must be approve or refuse")),
  reason: v.optional(v.string()),
});

/** @throws CliaiError `message_invalid` with the field */
export function answerFromJson(body: unknown): AnswerWords {
  const words = checkMessage(AnswerBodySchema, body);
  const given = [words.text, words.answers, words.approved].filter((each) => each !== undefined);
  if (given.length > 1) throw tooMany();
  return words;
}

/** A field left empty counts as not given. @throws CliaiError `message_invalid` with the field */
export function answerFromForm(form: Readonly<Record<string, unknown>>): AnswerWords {
  const answers = readParts(form);
  if (answers.length > 0) return { answers };
  const filled = Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ""));
  const { text, choice, verdict, reason } = checkMessage(AnswerFormSchema, filled);
  if (verdict !== undefined) return { approved: verdict === "approve", reason };
  return { text: choice ?? text, reason };
}

/**
 * For whom the approval is to be a standing rule, as the form has shown it: `remember` is the JSON of a {@link RuleFor}. Undefined if it is for
 * this once. @throws CliaiError `message_invalid`
 */
export function rememberFromForm({ remember }: Readonly<Record<string, unknown>>): RuleFor | undefined {
  if (remember === undefined || remember === "") return undefined;
  return checkMessage(RuleForSchema, typeof remember === "string" ? parseJson(remember) : remember);
}

/** The names of the fields for the question at `index`, in the form that answers several questions. */
export const questionFields = (index: number) => ({ taken: `taken-${index}`, words: `words-${index}` });

/** For each question, the choices that are ticked and the words that are typed. */
function readParts(form: Readonly<Record<string, unknown>>): string[][] {
  const parts: string[][] = [];
  for (;;) {
    const { taken, words } = questionFields(parts.length);
    if (form[taken] === undefined && form[words] === undefined) return parts;
    const given = [form[taken], form[words]].flat();
    parts.push(given.filter((each): each is string => typeof each === "string"));
  }
}

function tooMany(): CliaiError {
  return new CliaiError("message_invalid", "an answer has exactly one of text, answers and approved", {
    hint: "send text for one question, answers for several; for an approval send approved, with reason for words",
  });
}
