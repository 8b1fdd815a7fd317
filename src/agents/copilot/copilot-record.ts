// Reads the record of a session: a file of JSON Lines (`events.jsonl`) that Copilot CLI writes while the session runs. It tells what was put
// into the conversation, each answer of the model with its tokens, and how each turn has ended. Measured with 1.0.102, on a terminal.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import type { ModelRequest, SessionSign } from "../../domain/hook.ts";
import { failureOfWords } from "../../domain/model-failure.ts";
import type { FailureWord } from "../../domain/wire/event-messages.ts";
import type { HookTextLimits } from "../session-cli.ts";

const text = v.fallback(v.optional(v.string()), undefined);
const count = v.fallback(v.optional(v.number()), undefined);
const LineSchema = v.looseObject({
  type: v.string(),
  id: text,
  timestamp: text,
  /** The subagent's id; absent for the session itself. */
  agentId: text,
  data: v.fallback(
    v.looseObject({
      content: text,
      toolRequests: v.fallback(v.optional(v.array(v.unknown())), undefined),
      hookType: text,
      output: v.fallback(v.optional(v.looseObject({ decision: text, additionalContext: text })), undefined),
      ...{ errorType: text, message: text, statusCode: count },
      usage: v.fallback(
        v.optional(
          v.looseObject({ model: text, inputTokens: count, outputTokens: count, maxPromptTokens: count }),
        ),
        undefined,
      ),
    }),
    {},
  ),
});
type Line = v.InferOutput<typeof LineSchema>;

export function readRecordLine(line: unknown): readonly SessionSign[] {
  const read = v.safeParse(LineSchema, line);
  if (!read.success || read.output.agentId !== undefined) return [];
  return signsOf(read.output).map((sign) => ({ ...sign, at: read.output.timestamp }));
}

function signsOf({ type, data }: Line): SessionSign[] {
  switch (type) {
    case "user.message":
      return [{ type: "taken", text: JSON.stringify(data) }];
    case "assistant.message": {
      const callsTool = (data.toolRequests ?? []).length > 0;
      return [{ type: "answer", words: data.content, ...(callsTool ? { callsTool } : {}) }];
    }
    case "hook.end":
      return signsOfHook(data);
    case "session.error":
      return [{ type: "turn_failed", detail: data.message ?? "its turn has failed", error: errorOf(data) }];
    case "abort":
      return [{ type: "interrupted" }];
    default:
      return [];
  }
}

/** The line has the joint answer of all hooks of one event, the user's own among them. */
function signsOfHook({ hookType = "", output }: Line["data"]): SessionSign[] {
  if (hookType === "agentStop") return output?.decision === "block" ? [] : [{ type: "turn_end" }];
  // The model gets these words with the tool's result. If their end was cut off, nothing shows that it gets all of ours.
  const context = toolEnds.has(hookType) ? (output?.additionalContext ?? "") : "";
  return context !== "" && context.length < cutAt ? [{ type: "taken", text: context }] : [];
}

const toolEnds: ReadonlySet<string> = new Set(["postToolUse", "postToolUseFailure"]);
/** Copilot CLI cuts the joint words of the hooks of one event, without a word about it. */
const cutAt = 10_240;
/** Leaves room for words of the user's own hooks, which come first. */
export const hookTexts: HookTextLimits = { longest: 8_000, onlyAfterTools: true };

const errorWords: ReadonlyMap<string | undefined, FailureWord> = new Map([
  ["authentication", "authentication"],
  ["authorization", "authentication"],
  ["quota", "usage_limit"],
  ["rate_limit", "usage_limit"],
  ["context_limit", "context"],
]);

/** If `errorType` is not in `errorWords`, the message decides, with the HTTP status before it: "400 prompt is too long". */
function errorOf({ errorType, message = "", statusCode }: Line["data"]): FailureWord {
  const known = errorWords.get(errorType);
  if (known !== undefined) return known;
  const isNamed = statusCode === undefined || message.includes(String(statusCode));
  return failureOfWords(isNamed ? message : `${statusCode} ${message}`);
}

export function readRecordedRequest(line: unknown): ModelRequest | undefined {
  const read = v.safeParse(LineSchema, line);
  if (!read.success || read.output.type !== "session.usage_record") return undefined;
  const { id, agentId, data } = read.output;
  if (data.usage === undefined) return undefined;
  const { model, inputTokens, outputTokens = 0, maxPromptTokens: context_window } = data.usage;
  const isConversation = agentId === undefined;
  const context_tokens = isConversation ? inputTokens : undefined;
  return {
    tokens: (inputTokens ?? 0) + outputTokens,
    ...definedOf({ id, model, context_tokens, context_window: isConversation ? context_window : undefined }),
    isConversation,
  };
}
