// The text of a line as HTML: its syntax in colours, and the words that have changed marked. Made as a string, because a page has many lines,
// and elements take many times as long.
import type { Span } from "../../../../domain/changes/changed-words.ts";
import { countText } from "../../../../domain/text/amounts.ts";
import { harmless } from "../../../../domain/text/harmless.ts";
import type { Piece } from "./colours.ts";

/** More of a line is not shown. */
export const mostCharacters = 600;

export interface LineText {
  readonly pieces: readonly Piece[];
  readonly changed: readonly Span[];
  readonly isUnended?: boolean | undefined;
}

export function lineHtml({ pieces, changed, isUnended }: LineText): string {
  const length = pieces.reduce((sum, { text }) => sum + text.length, 0);
  const shown = cutPieces(pieces, changed).map(({ text, colour, isChanged }) => {
    const words = escapeHtml(harmless(text.replaceAll("\t", "    ")));
    const inner = colour === undefined ? words : `<span class="syntax-${colour}">${words}</span>`;
    return isChanged ? `<b>${inner}</b>` : inner;
  });
  const rest = length - mostCharacters;
  return [
    ...shown,
    rest > 0 ? `<i class="quiet"> … ${countText(rest)} more characters</i>` : "",
    isUnended === true ? '<i class="quiet"> (no line feed at the end)</i>' : "",
  ].join("");
}

const entities: Readonly<Record<string, string>> = {
  ...{ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" },
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

type Shown = Piece & { readonly isChanged: boolean };

/** Cuts the pieces where marked words begin and end, and after the last character that is shown. */
function cutPieces(pieces: readonly Piece[], changed: readonly Span[]): Shown[] {
  const found: Shown[] = [];
  let at = 0;
  for (const piece of pieces) {
    const end = Math.min(at + piece.text.length, mostCharacters);
    const borders = changed.flatMap(({ from, to }) => [from, to]).filter((each) => each > at && each < end);
    const stops = [at, ...borders, end];
    for (const [index, from] of stops.slice(0, -1).entries()) {
      const to = stops[index + 1] ?? end;
      if (to <= from) continue;
      const isChanged = changed.some((span) => span.from <= from && to <= span.to);
      const text = piece.text.slice(from - at, to - at);
      found.push({ ...piece, text, isChanged });
    }
    at += piece.text.length;
    if (at >= mostCharacters) break;
  }
  return found;
}
