// What the model is told before everything else.
import type { CallForm } from "../domain/model-server.ts";
import { answerTool, type OfferedTool, toolList } from "./model/chat-messages.ts";

export interface InstructionsFor {
  readonly project: string;
  /** The instructions of the role and the profile; "" if there are none. */
  readonly added: string;
  readonly tools: readonly OfferedTool[];
  readonly calls: CallForm;
}

/** The text is short, because it is in each request, and a small model loses the end of a long one. */
export function buildInstructions({ project, added, tools, calls }: InstructionsFor): string {
  const parts = [
    `You are an agent that works in the folder ${project}. Paths are relative to it.`,
    "Work step by step: call a tool, read its result, go on. Do what was asked and nothing else.",
    calls === "native"
      ? "When you are done, or cannot go on, say so in plain words without calling a tool."
      : schemaWords(tools),
    added,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function schemaWords(tools: readonly OfferedTool[]): string {
  const form = '{"name": "TOOL", "arguments": {…}}';
  return `Each of your answers is one call as JSON: ${form}. When you are done, or cannot go on, call ${answerTool.name}. The tools:\n${toolList(tools)}`;
}
