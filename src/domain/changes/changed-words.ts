// Which words of a line have changed, beside the line that it replaces.
import { diffWordsWithSpace } from "diff";

/** From a character of the line to before another. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Longer lines take too much time, and nobody reads their words. */
const longest = 400;
/** With more edits than this, the lines have little in common, and comparing them takes long: a page has many lines. */
const mostEdits = 60;
/** If more of the line has changed than this, it is another line: no word of it is marked. */
const mostChanged = 0.7;

/** The changed words of both lines; none if the lines have little in common. */
export function changedWords(before: string, now: string): { before: Span[]; now: Span[] } {
  const none = { before: [], now: [] };
  if (before.length > longest || now.length > longest) return none;
  const found = { before: [] as Span[], now: [] as Span[] };
  const at = { before: 0, now: 0 };
  let kept = 0;
  const parts = diffWordsWithSpace(before, now, { maxEditLength: mostEdits });
  if (parts === undefined) return none;
  for (const { value, added, removed } of parts) {
    const { length } = value;
    if (added !== true) at.before += length;
    if (removed !== true) at.now += length;
    if (added) found.now.push({ from: at.now - length, to: at.now });
    else if (removed) found.before.push({ from: at.before - length, to: at.before });
    else kept += value.trim().length;
  }
  const whole = Math.max(before.trim().length, now.trim().length);
  return kept < whole * (1 - mostChanged) ? none : found;
}
