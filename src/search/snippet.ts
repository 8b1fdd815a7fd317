// Cuts from a record the place where the searched words stand, and marks them. Pure.
import type { SearchQuery } from "./query.ts";
import { type Word, wordsOf } from "./words.ts";

/** A piece of a text; `hit`: it is what was searched for. */
export interface SnippetPart {
  readonly text: string;
  readonly hit?: true;
}

const longestSnippet = 240;
/** How much stands before the first hit. */
const lead = 60;
/** Only so much of a long text is looked through. */
const lookedThrough = 100_000;

interface Span {
  readonly start: number;
  readonly end: number;
  /** Which phrase of the query it is. */
  readonly phrase: number;
}

/** At most 240 characters of the text, on one line, with the place that has the most of the phrases. */
export function snippetOf(text: string, query: SearchQuery): SnippetPart[] {
  const line = text.slice(0, lookedThrough).replace(/\s+/g, " ").trim();
  const spans = spansOf(line, query);
  const best = bestWindow(spans);
  const start = wordStart(line, best === undefined || best <= lead ? 0 : best - lead);
  const end = wordEnd(line, Math.min(line.length, start + longestSnippet));
  const parts: SnippetPart[] = [];
  let at = start;
  const push = (until: number, hit: boolean) => {
    if (until > at) parts.push(hit ? { text: line.slice(at, until), hit } : { text: line.slice(at, until) });
    at = Math.max(at, until);
  };
  if (start > 0) parts.push({ text: "…" });
  for (const span of spans) {
    if (span.end <= at || span.start >= end) continue;
    push(Math.max(at, span.start), false);
    push(Math.min(end, span.end), true);
  }
  push(end, false);
  if (end < line.length || text.length > lookedThrough) parts.push({ text: "…" });
  return parts;
}

/** Where the phrases stand, in the order of their starts. */
function spansOf(line: string, query: SearchQuery): Span[] {
  const words = wordsOf(line);
  const spans = query.flatMap(({ words: wanted, isBeginning }, phrase) =>
    words.flatMap((first, index) => {
      const last = words[index + wanted.length - 1];
      if (last === undefined || !isAt(words, index, wanted, isBeginning)) return [];
      return [{ start: first.start, end: last.end, phrase }];
    }),
  );
  return spans.sort((a, b) => a.start - b.start || b.end - a.end);
}

function isAt(
  words: readonly Word[],
  index: number,
  wanted: readonly string[],
  isBeginning: boolean,
): boolean {
  return wanted.every((word, offset) => {
    const here = words[index + offset]?.folded ?? "";
    return isBeginning && offset === wanted.length - 1 ? here.startsWith(word) : here === word;
  });
}

/** The start of the first span of the window with the most different phrases; undefined without spans. */
function bestWindow(spans: readonly Span[]): number | undefined {
  let best: { start: number; count: number } | undefined;
  for (const [index, { start }] of spans.entries()) {
    const seen = new Set<number>();
    for (let next = index; next < spans.length; next += 1) {
      const span = spans[next];
      if (span === undefined || span.end > start + longestSnippet - lead) break;
      seen.add(span.phrase);
    }
    if (best === undefined || seen.size > best.count) best = { start, count: seen.size };
  }
  return best?.start;
}

/** Moves on to the beginning of a word, so that no word is cut. */
function wordStart(line: string, at: number): number {
  if (at === 0) return 0;
  const blank = line.indexOf(" ", at);
  return blank === -1 || blank > at + lead / 2 ? wholeCharacter(line, at) : blank + 1;
}

function wordEnd(line: string, at: number): number {
  if (at >= line.length) return line.length;
  const blank = line.lastIndexOf(" ", at);
  return blank < at - lead / 2 ? wholeCharacter(line, at) : blank;
}

/** The same place, or the one before, if a character of two units would be cut. */
function wholeCharacter(line: string, at: number): number {
  return /[\udc00-\udfff]/.test(line.charAt(at)) ? at - 1 : at;
}
