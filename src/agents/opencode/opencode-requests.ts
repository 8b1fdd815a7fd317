// Translates what OpenCode asks its user into hooks for the host, and the host's answers into replies to OpenCode. Measured with 1.18.33.
import { definedOf } from "../../domain/defined.ts";
import type { Hook, HookAnswer } from "../../domain/hook.ts";
import type { Question } from "../../domain/questions.ts";
import { idFact, inputWords, shortFact } from "../../domain/text/fact-words.ts";
import type { OpencodePermission, OpencodeQuestion } from "./opencode-events.ts";
import { ownToolName } from "./opencode-tools.ts";

/** The part of a request's hook that does not depend on what is asked. */
export interface AskedBy {
  /** The tool that waits, with its input; undefined if it is not known. */
  readonly call: { readonly name: string; readonly input: unknown } | undefined;
  /** The subagent that asks; undefined for the session itself. */
  readonly subagent: string | undefined;
}

/**
 * The permission may have another name than the tool: any tool that leaves the project asks for `external_directory`. If the call is not known,
 * as after a reconnect, the input has what the request tells, and `unknown_call`, with which no standing rule is made of it.
 */
export function permissionHook(
  { permission, patterns, metadata, tool }: OpencodePermission,
  { call, subagent }: AskedBy,
): Hook {
  const input = { ...(call === undefined ? metadata : (call.input as object)) };
  const isNamed = call === undefined || call.name === permission;
  const more = { asks_for: permission, patterns };
  const asked =
    call === undefined ? { ...input, ...more, unknown_call: true } : isNamed ? input : { ...input, ...more };
  const name = call?.name ?? permission;
  const detail = shortFact(
    isNamed ? (inputWords(input) ?? patterns.join(" ")) : `${permission}: ${patterns.join(" ")}`,
  );
  return {
    facts: {
      kind: "permission",
      ...{ tool: shortFact(name), detail },
      ...definedOf({ tool_use_id: tool.callID && idFact(tool.callID), subagent }),
    },
    tool: { name, input: asked, isOwn: ownToolName(name) !== undefined },
    isSubagent: subagent !== undefined,
  };
}

export type PermissionReply =
  | { readonly reply: "once" }
  /** With a message the turn goes on, and the model reads it. Without one the turn would end. */
  | { readonly reply: "reject"; readonly message: string };

/** Undefined if the host leaves the answer to the person at the terminal. */
export function permissionReply(answer: HookAnswer): PermissionReply | undefined {
  if (answer.type === "permit") return { reply: "once" };
  if (answer.type === "forbid" || answer.type === "deny") return { reply: "reject", message: answer.reason };
  return undefined;
}

export function questionHook({ questions, tool }: OpencodeQuestion, subagent: string | undefined): Hook {
  return {
    facts: {
      kind: "question",
      tool: "question",
      detail: shortFact(questions.map(({ question }) => question).join(" ")),
      ...definedOf({ tool_use_id: tool.callID && idFact(tool.callID), subagent }),
    },
    tool: { name: "question", input: { questions }, isOwn: false, questions: questions.map(readQuestion) },
    isSubagent: subagent !== undefined,
  };
}

function readQuestion({
  question,
  header,
  multiple,
  options,
}: OpencodeQuestion["questions"][number]): Question {
  return {
    question,
    ...definedOf({ header }),
    choices: options.map(({ label, description }) => ({ label, ...definedOf({ description }) })),
    ...(multiple ? { several: true } : {}),
  };
}

/**
 * The answers, a list for each question. Undefined if the host leaves them to the person at the terminal. OpenCode's own way to refuse a
 * question has no room for words to the model, so the reason of a refusal is the answer to each question.
 */
export function questionReply({ questions }: OpencodeQuestion, answer: HookAnswer): string[][] | undefined {
  if (answer.type === "forbid" || answer.type === "deny") return questions.map(() => [answer.reason]);
  if (answer.type !== "answer") return undefined;
  return questions.map((question, index) => labelsOf(question, answer.answers[index] ?? ""));
}

/** The host joins several choices by ", ". A label may contain that itself. */
function labelsOf({ multiple, options }: OpencodeQuestion["questions"][number], answer: string): string[] {
  const labels = options.map(({ label }) => label);
  if (!multiple || labels.includes(answer)) return [answer];
  const parts = answer.split(", ");
  return parts.every((part) => labels.includes(part)) ? parts : [answer];
}
