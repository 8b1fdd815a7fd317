// Reads the lines of Claude Code's own records: a file of JSON Lines for the session, and one for each subagent. Measured with
// 2.1.330.
import * as v from "valibot";

/**
 * The line that Claude writes when its user interrupts a turn, such as "[Request interrupted by user for tool use]". A user's prompt
 * may have the same words, but it has `origin` or `promptSource`.
 */
const InterruptionSchema = v.looseObject({
  type: v.literal("user"),
  isSidechain: v.optional(v.literal(false)),
  promptId: v.string(),
  origin: v.optional(v.undefined()),
  promptSource: v.optional(v.undefined()),
  message: v.looseObject({
    content: v.strictTuple([
      v.looseObject({
        type: v.literal("text"),
        text: v.pipe(v.string(), v.regex(/^\[Request interrupted by user[^\]]*\]$/)),
      }),
    ]),
  }),
});

/** If the line says that the user has interrupted a turn, returns the id of the turn's prompt. */
export function readInterruption(line: unknown): { readonly promptId: string } | undefined {
  const read = v.safeParse(InterruptionSchema, line);
  return read.success ? { promptId: read.output.promptId } : undefined;
}

const ResultsSchema = v.looseObject({
  type: v.literal("user"),
  message: v.looseObject({ content: v.array(v.looseObject({ type: v.string() })) }),
});

/** Returns the ids (`tool_use_id`) of the tool calls whose results the line contains. */
export function readToolResults(line: unknown): readonly string[] {
  const read = v.safeParse(ResultsSchema, line);
  if (!read.success) return [];
  return read.output.message.content.flatMap(({ type, tool_use_id: id }) =>
    type === "tool_result" && typeof id === "string" ? id : [],
  );
}

/** Returns the path of a subagent's record: it is in the folder `<session>/subagents` beside `<session>.jsonl`. */
export function subagentRecord(transcriptPath: string | undefined, subagent: string): string | undefined {
  if (transcriptPath === undefined || !/^[\w-]+$/.test(subagent)) return undefined;
  return transcriptPath.replace(/\.jsonl$/, `/subagents/agent-${subagent}.jsonl`);
}
