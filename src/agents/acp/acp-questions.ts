// The questions that an ACP agent asks its user. ACP has no request for them: Qwen Code sends them inside a permission request, and takes
// the answers beside the outcome of that request. Seen with 0.24.4.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import type { Hook } from "../../domain/hook.ts";
import { shortFact } from "../../domain/text/fact-words.ts";
import type { AcpCall } from "./acp-messages.ts";
import { callHook, type ToolCall } from "./acp-tools.ts";

const QuestionsSchema = v.looseObject({
  qwenQuestions: v.array(
    v.looseObject({
      question: v.string(),
      header: v.optional(v.string()),
      multiSelect: v.optional(v.boolean(), false),
      options: v.optional(
        v.array(v.looseObject({ label: v.string(), description: v.optional(v.string()) })),
        [],
      ),
    }),
  ),
});

/** Undefined if the request asks for a permission only. */
export function questionHook(call: ToolCall, { _meta }: AcpCall): Hook | undefined {
  const read = v.safeParse(QuestionsSchema, _meta);
  if (!read.success) return undefined;
  const questions = read.output.qwenQuestions.map(({ question, header, multiSelect, options }) => ({
    question,
    ...definedOf({ header }),
    choices: options.map(({ label, description }) => ({ label, ...definedOf({ description }) })),
    ...(multiSelect ? { several: true } : {}),
  }));
  const hook = callHook("question", call);
  const detail = shortFact(questions.map(({ question }) => question).join(" "));
  return {
    ...hook,
    facts: { ...hook.facts, detail },
    tool: { name: call.name, input: call.input, isOwn: false, questions },
  };
}

/** @param answers one for each question, in their order */
export function questionAnswers(answers: readonly string[]): object {
  return { answers: Object.fromEntries(answers.map((answer, index) => [String(index), answer])) };
}
