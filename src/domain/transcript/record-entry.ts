// This room is about the conversation of a session as its CLI records it: its entries, and what is published of them. Pure.
//
// `RecordEntry` is an entry as a CLI's folder or the host reads it. `publishedEntry` removes secrets from it and cuts it.
import { definedOf } from "../defined.ts";
import type { Hook } from "../hook.ts";
import { idFact, inputWords, shortFact } from "../text/fact-words.ts";
import { redact } from "../text/redact.ts";
import type { TranscriptEntry, TranscriptKind } from "../wire/transcript-messages.ts";

export interface RecordEntry {
  /** Unique in the session; the same when the entry is read again. */
  readonly id: string;
  readonly kind: TranscriptKind;
  readonly text: string;
  /** When the CLI wrote it, RFC 3339; undefined if it does not say. */
  readonly at?: string | undefined;
  readonly tool?: string | undefined;
  readonly toolUseId?: string | undefined;
  /** For a tool call: the words of its input that describe it best. */
  readonly title?: string | undefined;
  readonly isError?: boolean | undefined;
  readonly subagent?: string | undefined;
  /** A few words for each image. */
  readonly images?: readonly string[] | undefined;
}

/** The longest text of an entry, in characters. */
export const longestEntryText = 16_000;
/** So much at the end of what is searched for secrets is not kept, because half of a secret would not be recognised. */
const searchedBeyond = 4_096;
const searchedLength = longestEntryText + searchedBeyond;
const mostImages = 20;

/** What is published of an entry, but for the ids of agent and session. */
export function publishedEntry(entry: RecordEntry): Omit<TranscriptEntry, "agent_id" | "session_id"> {
  const { text, at, tool, toolUseId, title, isError, subagent, images = [] } = entry;
  const clean = redact(text.slice(0, searchedLength)).toWellFormed();
  // What was replaced has made the text shorter.
  const length = text.length > searchedLength ? Math.max(0, clean.length - searchedBeyond) : clean.length;
  const kept = clean.slice(0, Math.min(longestEntryText, length)).toWellFormed();
  const cut = clean.length - kept.length + Math.max(0, text.length - searchedLength);
  return {
    entry_id: idFact(entry.id),
    kind: entry.kind,
    text: kept,
    ...definedOf({
      cut: cut > 0 ? cut : undefined,
      tool: shortFact(tool),
      tool_use_id: toolUseId && idFact(toolUseId),
      title: shortFact(title),
      is_error: isError === true ? true : undefined,
      subagent: subagent && idFact(subagent),
      images: images.length > 0 ? images.slice(0, mostImages).map(shortFact) : undefined,
      timestamp: at,
    }),
  };
}

/** The parts of a call's entry, for a CLI's folder. */
export function callEntry(
  id: string,
  { tool, toolUseId, input }: { tool: string; toolUseId?: string | undefined; input: unknown },
): RecordEntry {
  return { id, kind: "tool_call", text: jsonOf(input), tool, toolUseId, title: inputWords(input) };
}

/** The entries that a hook shows, for a session whose record cliai does not read. `id` makes the id of each. */
export function entriesOfHook({ facts, prompt, tool }: Hook, createId: () => string): RecordEntry[] {
  const { kind, tool_use_id: toolUseId, subagent, detail } = facts;
  const of = { ...definedOf({ toolUseId, subagent }) };
  switch (kind) {
    case "prompt":
      return subagent === undefined && prompt !== undefined ? [{ id: createId(), kind, text: prompt }] : [];
    case "tool_start":
      if (tool === undefined) return [];
      return [{ ...callEntry(createId(), { tool: tool.name, input: tool.input }), ...of }];
    case "tool_end":
    case "tool_failed": {
      const isError = kind === "tool_failed";
      const text = tool?.result === undefined ? (isError ? (detail ?? "") : "") : resultText(tool.result);
      return [{ id: createId(), kind: "tool_result", text, tool: tool?.name, isError, ...of }];
    }
    case "compaction":
      return [{ id: createId(), kind: "note", text: "The conversation was compacted." }];
    default:
      return [];
  }
}

/** The text of a tool's result, which may be a text, a list of content blocks, or any other value. */
export function resultText(result: unknown): string {
  if (typeof result === "string") return result;
  if (Array.isArray(result)) {
    const texts = result.flatMap((block) => textOf(block) ?? []);
    if (texts.length > 0) return texts.join("\n");
  }
  return textOf(result) ?? jsonOf(result);
}

/** Words for the images among content blocks. */
export function imagesOf(content: unknown): string[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((block: unknown) => {
    if (typeof block !== "object" || block === null || !("type" in block) || block.type !== "image")
      return [];
    const source = "source" in block && typeof block.source === "object" ? block.source : block;
    const { media_type, mimeType, data } = { ...source } as Readonly<Record<string, unknown>>;
    const type = [media_type, mimeType].find((each) => typeof each === "string") ?? "image";
    const bytes = typeof data === "string" ? Math.floor((data.length * 3) / 4) : undefined;
    return [bytes === undefined ? String(type) : `${type}, ${Math.max(1, Math.round(bytes / 1024))} KB`];
  });
}

function textOf(block: unknown): string | undefined {
  if (typeof block !== "object" || block === null || !("text" in block)) return undefined;
  return typeof block.text === "string" ? block.text : undefined;
}

function jsonOf(value: unknown): string {
  return value === undefined ? "" : (JSON.stringify(value, null, 2) ?? "");
}
