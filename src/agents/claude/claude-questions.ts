// The tools by which Claude Code asks its user: AskUserQuestion and ExitPlanMode. Reads what they ask, and builds the input that
// contains the answers: if a permission is given without that input, the dialog stays open. Measured with 2.1.330.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import type { HookTool } from "../../domain/hook.ts";
import type { Question } from "../../domain/questions.ts";

export const questionTool = "AskUserQuestion";
export const planTool = "ExitPlanMode";

const AskSchema = v.looseObject({
  questions: v.array(
    v.looseObject({
      question: v.string(),
      header: v.optional(v.string()),
      multiSelect: v.optional(v.boolean(), false),
      options: v.optional(
        v.array(
          v.looseObject({
            label: v.string(),
            description: v.optional(v.string()),
            preview: v.optional(v.string()),
          }),
        ),
        [],
      ),
    }),
  ),
});
const PlanSchema = v.looseObject({ plan: v.string() });

/** Returns the questions or the plan of a tool that asks the user; an empty object for other tools. */
export function readAsking(name: string, input: unknown): Pick<HookTool, "questions" | "plan"> {
  if (name === questionTool) return { questions: readQuestions(input) };
  if (name !== planTool) return {};
  const read = v.safeParse(PlanSchema, input);
  return { plan: read.success ? read.output.plan : "" };
}

/** Returns the questions; none if the input has an unknown shape. */
export function readQuestions(input: unknown): Question[] {
  const read = v.safeParse(AskSchema, input);
  if (!read.success) return [];
  return read.output.questions.map(({ question, header, multiSelect, options }) => ({
    question,
    ...definedOf({ header }),
    choices: options.map(({ label, description, preview }) => ({
      label,
      ...definedOf({ description, preview }),
    })),
    ...(multiSelect ? { several: true } : {}),
  }));
}

/** Returns the tool's input with `answers` added: the answers by the texts of their questions. */
export function answeredInput(input: unknown, answers: readonly string[]): object {
  const given = readQuestions(input).map(({ question }, index) => [question, answers[index] ?? ""]);
  return { ...(input as object), answers: Object.fromEntries(given) };
}
