// What a person answers to a request, by the API's JSON or by the page's form, as words for the server.
import * as v from "valibot";
import { checkMessage } from "../domain/decode.ts";
import { CliaiError } from "../domain/errors.ts";
import type { AnswerWords } from "../domain/requests.ts";

const AnswerBodySchema = v.strictObject(
  {
    text: v.optional(v.string("text must be text")),
    approved: v.optional(v.boolean("approved must be true or false")),
    reason: v.optional(v.string("reason must be text")),
  },
  (issue) =>
    issue.expected === "never" ? `unknown field ${issue.received}` : "the body must be a JSON object",
);

const AnswerFormSchema = v.object({
  text: v.optional(v.string()),
  /** The button that was pressed: the words of a choice, or a verdict. */
  choice: v.optional(v.string()),
  verdict: v.optional(v.picklist(["approve", "refuse"], "verdict must be approve or refuse")),
  reason: v.optional(v.string()),
});

/** @throws CliaiError `message_invalid`, naming the field */
export function answerFromJson(body: unknown): AnswerWords {
  const words = checkMessage(AnswerBodySchema, body);
  if (words.text !== undefined && words.approved !== undefined) throw tooMany();
  return words;
}

/** A field left empty counts as not given. @throws CliaiError `message_invalid`, naming the field */
export function answerFromForm(form: Readonly<Record<string, unknown>>): AnswerWords {
  const filled = Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ""));
  const { text, choice, verdict, reason } = checkMessage(AnswerFormSchema, filled);
  if (verdict !== undefined) return { approved: verdict === "approve", reason };
  return { text: choice ?? text, reason };
}

function tooMany(): CliaiError {
  return new CliaiError("message_invalid", "an answer is text, or approved, and not both", {
    hint: "a question takes text; an approval takes approved, and the words as reason",
  });
}
