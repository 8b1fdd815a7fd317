// Draws the lines of a hunk: with colours and marks as long as the page's pace allows, else plain.
import { changedWords, type Span } from "../../../../domain/changes/changed-words.ts";
import type { DiffLine, Hunk } from "../../../../domain/changes/patch.ts";
import { partnersOf } from "../../../../domain/changes/side-by-side.ts";
import { colourParts, type Piece } from "./colours.ts";
import { lineHtml } from "./line-html.ts";
import type { Pace } from "./pace.ts";

/** Returns the HTML of the text of each line. Those of before and those of now are coloured by themselves, because together they are no text of the language. */
export async function drawHunk(
  { lines }: Hunk,
  language: string | undefined,
  pace: Pace,
): Promise<(line: DiffLine) => string> {
  const pieces = new Map<DiffLine, readonly Piece[]>();
  for (const isOfSide of [
    ({ kind }: DiffLine) => kind !== "added",
    ({ kind }: DiffLine) => kind !== "deleted",
  ]) {
    const side = lines.filter(isOfSide);
    let at = 0;
    for (const part of colourParts(side.map(textOf), (characters) =>
      !pace.isLate() && pace.mayColour(characters) ? language : undefined,
    )) {
      for (const [index, line] of side.slice(at, at + part.length).entries())
        pieces.set(line, part[index] ?? []);
      at += part.length;
      await pace.breathe();
    }
  }
  const changed = new Map<DiffLine, readonly Span[]>();
  for (const [line, partner] of partnersOf(lines)) {
    if (line.kind !== "deleted") continue;
    if (pace.isLate()) break;
    const spans = changedWords(textOf(line), textOf(partner));
    changed.set(line, spans.before).set(partner, spans.now);
    await pace.breathe();
  }
  return (line) =>
    lineHtml({
      pieces: pieces.get(line) ?? [],
      changed: changed.get(line) ?? [],
      isUnended: line.is_unended,
    });
}

/** Without the carriage return that ends each line of some files. */
function textOf({ text }: DiffLine): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
