// Reads the record of a session: a file of JSON Lines that Qwen Code writes while the session runs. It tells what was put into the
// conversation, and each answer of the model with its tokens. Measured with 0.24.4, on a terminal.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import type { ModelRequest, SessionSign } from "../../domain/hook.ts";

const count = v.fallback(v.optional(v.number()), undefined);
const LineSchema = v.looseObject({
  uuid: v.fallback(v.optional(v.string()), undefined),
  type: v.string(),
  timestamp: v.fallback(v.optional(v.string()), undefined),
  model: v.fallback(v.optional(v.string()), undefined),
  message: v.optional(v.unknown()),
  contextWindowSize: count,
  usageMetadata: v.fallback(
    v.optional(
      v.looseObject({ promptTokenCount: count, candidatesTokenCount: count, totalTokenCount: count }),
    ),
    undefined,
  ),
});

/** A text that joins a turn stands in the record right after the results of the tools with which it goes to the model. */
export function readRecordLine(line: unknown): readonly SessionSign[] {
  const read = v.safeParse(LineSchema, line);
  if (!read.success) return [];
  const { type, timestamp: at, message } = read.output;
  if (type === "user" || type === "tool_result") {
    return [{ type: "taken", text: JSON.stringify(message ?? ""), at }];
  }
  return type === "assistant" ? [{ type: "answer", at }] : [];
}

export function readRecordedRequest(line: unknown): ModelRequest | undefined {
  const read = v.safeParse(LineSchema, line);
  if (!read.success || read.output.type !== "assistant") return undefined;
  const { uuid: id, model, usageMetadata, contextWindowSize: context_window } = read.output;
  if (usageMetadata === undefined) return undefined;
  const { promptTokenCount: context_tokens, candidatesTokenCount = 0, totalTokenCount } = usageMetadata;
  return {
    tokens: totalTokenCount ?? (context_tokens ?? 0) + candidatesTokenCount,
    ...definedOf({ id, model, context_tokens, context_window }),
    isConversation: true,
  };
}
