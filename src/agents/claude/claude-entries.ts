// Reads the conversation from the lines of Claude Code's record of a session: prompts, answers, thinking, tool calls and their results.
// Measured with 2.1.330.
import * as v from "valibot";
import type { RecordEntry } from "../../domain/transcript/record-entry.ts";
import { callEntry, imagesOf, resultText } from "../../domain/transcript/record-entry.ts";

const text = v.optional(v.fallback(v.optional(v.string()), undefined));
const flag = v.optional(v.fallback(v.boolean(), false), false);

const LineSchema = v.looseObject({
  type: v.string(),
  subtype: text,
  uuid: v.string(),
  timestamp: text,
  isSidechain: flag,
  /** The CLI itself has added the line, such as the words around a command of its user. */
  isMeta: flag,
  /** The summary with which a compacted conversation goes on. */
  isCompactSummary: flag,
  isApiErrorMessage: flag,
  content: v.optional(v.unknown()),
  message: v.optional(v.fallback(v.looseObject({ content: v.optional(v.unknown()) }), {}), {}),
  attachment: v.optional(
    v.fallback(v.optional(v.looseObject({ type: text, prompt: v.optional(v.unknown()) })), undefined),
  ),
});
type Line = v.InferOutput<typeof LineSchema>;

const BlockSchema = v.looseObject({
  type: v.string(),
  ...{ text, thinking: text, id: text, name: text, tool_use_id: text },
  input: v.optional(v.unknown()),
  content: v.optional(v.unknown()),
  is_error: flag,
});
type Block = v.InferOutput<typeof BlockSchema>;

/** The entries of one parsed line; none for a line of a subagent, or one that is no part of the conversation. */
export function readRecordEntries(line: unknown): readonly RecordEntry[] {
  const read = v.safeParse(LineSchema, line);
  if (!read.success || read.output.isSidechain) return [];
  const { timestamp: at } = read.output;
  return entriesOf(read.output).map((entry) => (at === undefined ? entry : { ...entry, at }));
}

function entriesOf(line: Line): RecordEntry[] {
  const { type, subtype, uuid, message, content, attachment } = line;
  switch (type) {
    case "user":
      if (line.isCompactSummary) return notes(uuid, message.content);
      return line.isMeta ? [] : entriesOfContent(uuid, message.content, "prompt");
    case "assistant":
      if (line.isApiErrorMessage)
        return notes(uuid, message.content).map((note) => ({ ...note, isError: true }));
      return entriesOfContent(uuid, message.content, "answer");
    case "attachment":
      // A text that was given to the model in the middle of a turn.
      return attachment?.type === "queued_command" ? entriesOfContent(uuid, attachment.prompt, "prompt") : [];
    case "system":
      return subtype === "compact_boundary" ? notes(uuid, content) : [];
    default:
      return [];
  }
}

function notes(id: string, content: unknown): RecordEntry[] {
  return [{ id, kind: "note", text: resultText(content) }];
}

function entriesOfContent(uuid: string, content: unknown, words: "prompt" | "answer"): RecordEntry[] {
  if (typeof content === "string") return [{ id: uuid, kind: words, text: content }];
  if (!Array.isArray(content)) return [];
  const images = words === "prompt" ? imagesOf(content) : [];
  const entries = content.flatMap((each, index) => {
    const read = v.safeParse(BlockSchema, each);
    return read.success ? (entryOf(`${uuid}-${index}`, read.output, words) ?? []) : [];
  });
  const first = entries.find(({ kind }) => kind === words);
  if (images.length === 0) return entries;
  if (first === undefined) return [...entries, { id: `${uuid}-images`, kind: words, text: "", images }];
  return entries.map((entry) => (entry === first ? { ...entry, images } : entry));
}

function entryOf(id: string, block: Block, words: "prompt" | "answer"): RecordEntry | undefined {
  switch (block.type) {
    case "text":
      return block.text ? { id, kind: words, text: block.text } : undefined;
    case "thinking":
      return block.thinking ? { id, kind: "thinking", text: block.thinking } : undefined;
    case "tool_use":
      return callEntry(id, { tool: block.name ?? "a tool", toolUseId: block.id, input: block.input });
    case "tool_result": {
      const { tool_use_id: toolUseId, is_error: isError, content = "" } = block;
      const images = imagesOf(content);
      return { id, kind: "tool_result", text: resultText(content), toolUseId, isError, images };
    }
    default:
      return undefined;
  }
}
