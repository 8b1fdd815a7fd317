// Reads the conversation from the lines of Qwen Code's record of a session: prompts, answers, thoughts, tool calls and their results.
// Seen with 0.24.4.
import * as v from "valibot";
import type { RecordEntry } from "../../domain/transcript/record-entry.ts";
import { callEntry, resultText } from "../../domain/transcript/record-entry.ts";

const text = v.optional(v.fallback(v.optional(v.string()), undefined));
const CallSchema = v.looseObject({ id: text, name: text, args: v.optional(v.unknown()) });
const ResultSchema = v.looseObject({
  id: text,
  name: text,
  response: v.optional(
    v.fallback(v.looseObject({ output: v.optional(v.unknown()), error: v.optional(v.unknown()) }), {}),
    {},
  ),
});
const PartSchema = v.looseObject({
  text,
  thought: v.optional(v.fallback(v.boolean(), false), false),
  functionCall: v.optional(v.fallback(v.optional(CallSchema), undefined)),
  functionResponse: v.optional(v.fallback(v.optional(ResultSchema), undefined)),
});
const LineSchema = v.looseObject({
  uuid: v.string(),
  type: v.picklist(["user", "assistant", "tool_result"]),
  timestamp: text,
  message: v.optional(
    v.fallback(v.looseObject({ parts: v.optional(v.fallback(v.array(v.unknown()), []), []) }), { parts: [] }),
    { parts: [] },
  ),
});

/** The entries of one parsed line; none for a line that is no part of the conversation. */
export function readRecordEntries(line: unknown): readonly RecordEntry[] {
  const read = v.safeParse(LineSchema, line);
  if (!read.success) return [];
  const { uuid, type, timestamp: at, message } = read.output;
  const words = type === "assistant" ? "answer" : "prompt";
  return message.parts.flatMap((each, index) => {
    const part = v.safeParse(PartSchema, each);
    const entry = part.success ? entryOf(`${uuid}-${index}`, part.output, words) : undefined;
    return entry === undefined ? [] : [{ ...entry, at }];
  });
}

function entryOf(
  id: string,
  part: v.InferOutput<typeof PartSchema>,
  words: "prompt" | "answer",
): RecordEntry | undefined {
  const { functionCall: call, functionResponse: result } = part;
  if (call !== undefined)
    return callEntry(id, { tool: call.name ?? "a tool", toolUseId: call.id, input: call.args });
  if (result !== undefined) {
    const { output, error } = result.response;
    const isError = error !== undefined;
    return {
      id,
      kind: "tool_result",
      text: resultText(error ?? output ?? ""),
      toolUseId: result.id,
      isError,
    };
  }
  if (!part.text) return undefined;
  return { id, kind: part.thought ? "thinking" : words, text: part.text };
}
