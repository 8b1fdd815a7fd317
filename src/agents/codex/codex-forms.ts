// The form of an MCP server that asks Codex's user (MCP 2025-11-25, elicitation, form mode), as questions, and their answers as its
// content. Only forms with fields of plain values are answered: text, numbers, yes or no, and one of a list.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import type { Question } from "../../domain/questions.ts";

const FieldSchema = v.looseObject({
  type: v.picklist(["string", "number", "integer", "boolean"]),
  title: v.optional(v.string()),
  description: v.optional(v.string()),
  enum: v.optional(v.array(v.string())),
  oneOf: v.optional(v.array(v.looseObject({ const: v.string(), title: v.optional(v.string()) }))),
});
type Field = v.InferOutput<typeof FieldSchema>;
const FormSchema = v.looseObject({
  properties: v.pipe(v.record(v.string(), FieldSchema), v.minEntries(1, "no field")),
});
export type Form = v.InferOutput<typeof FormSchema>;

export function isForm(schema: unknown): schema is Form {
  return v.is(FormSchema, schema);
}

/** A question for each field, in their order. */
export function formQuestions(message: string, { properties }: Form): Question[] {
  return Object.entries(properties).map(([name, field]) => {
    const { title, description } = field;
    const header = title ?? name;
    return {
      question: [message, description ?? header].filter(Boolean).join(" "),
      header,
      choices: choicesOf(field),
      ...definedOf({ takes: takesOf(field) }),
    };
  });
}

function choicesOf({ type, enum: values = [], oneOf = [] }: Field): Question["choices"] {
  const labels = type === "boolean" ? ["yes", "no"] : values;
  const named = oneOf.map(({ const: label, title }) => ({ label, ...definedOf({ description: title }) }));
  return [...labels.map((label) => ({ label })), ...named];
}

function takesOf(field: Field): Question["takes"] {
  if (choicesOf(field).length > 0) return "choice";
  if (field.type === "integer") return "whole_number";
  return field.type === "number" ? "number" : undefined;
}

/** Undefined if an answer does not fit its field, because a server of an earlier release has not checked it (`takes`). */
export function formReply(
  { properties }: Form,
  answers: readonly string[],
): Record<string, string | number | boolean> | undefined {
  const content: Record<string, string | number | boolean> = {};
  for (const [index, [name, field]] of Object.entries(properties).entries()) {
    const value = readValue(field.type, (answers[index] ?? "").trim());
    const labels = field.type === "boolean" ? [] : choicesOf(field).map(({ label }) => label);
    if (value === undefined || (labels.length > 0 && !labels.includes(String(value)))) return undefined;
    content[name] = value;
  }
  return content;
}

function readValue(type: Field["type"], answer: string): string | number | boolean | undefined {
  if (type === "string") return answer;
  if (type === "boolean") {
    if (/^(yes|true|y)\b/i.test(answer)) return true;
    return /^(no|false|n)\b/i.test(answer) ? false : undefined;
  }
  const number = Number(answer);
  const isFine = answer !== "" && Number.isFinite(number) && (type === "number" || Number.isInteger(number));
  return isFine ? number : undefined;
}
