// A line that a person types and changes. Pure.
import type { Key } from "./keys.ts";

export interface EditedLine {
  readonly before: string;
  /** What is behind the cursor. */
  readonly after: string;
}

export const emptyLine: EditedLine = { before: "", after: "" };

export function lineOf(text: string): EditedLine {
  return { before: text, after: "" };
}

export function textOf({ before, after }: EditedLine): string {
  return before + after;
}

/** The line after a key; undefined if the key does nothing to a line, such as Enter. A pasted text becomes one line. */
export function editLine(line: EditedLine, { name, paste }: Key): EditedLine | undefined {
  const { before, after } = line;
  if (paste !== undefined) return { before: before + paste.trim().replace(/\s+/g, " "), after };
  switch (name) {
    case "backspace":
      return { before: withoutLast(before), after };
    case "delete":
      return { before, after: after.slice(firstOf(after).length) };
    case "left":
      return { before: withoutLast(before), after: before.slice(withoutLast(before).length) + after };
    case "right":
      return { before: before + firstOf(after), after: after.slice(firstOf(after).length) };
    case "home":
    case "ctrl-a":
      return { before: "", after: before + after };
    case "end":
    case "ctrl-e":
      return { before: before + after, after: "" };
    case "ctrl-u":
      return { before: "", after };
    case "ctrl-k":
      return { before, after: "" };
    case "ctrl-w":
      return { before: before.replace(/\S*\s*$/, ""), after };
  }
  return [...name].length === 1 ? { before: before + name, after } : undefined;
}

const graphemes = new Intl.Segmenter();

function firstOf(text: string): string {
  for (const { segment } of graphemes.segment(text)) return segment;
  return "";
}

function withoutLast(text: string): string {
  const last = [...graphemes.segment(text)].at(-1);
  return text.slice(0, last?.index ?? 0);
}
