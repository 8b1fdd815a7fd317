/** @jsxImportSource hono/jsx */
// The text of a line: its syntax in colours, and the words that have changed marked.
import type { Span } from "../../../domain/changes/changed-words.ts";
import { harmless } from "../../../domain/text/harmless.ts";
import type { Piece } from "./colours.ts";

/** More of a line is not shown. */
const mostCharacters = 600;

interface LineTextProps {
  readonly pieces: readonly Piece[];
  readonly changed: readonly Span[];
  readonly isUnended?: boolean | undefined;
}

export function LineText({ pieces, changed, isUnended }: LineTextProps) {
  const length = pieces.reduce((sum, { text }) => sum + text.length, 0);
  const shown = cutPieces(pieces, changed);
  return (
    <>
      {shown.map(({ text, colour, isChanged }) => {
        const words = harmless(text.replaceAll("\t", "    "));
        const inner = colour === undefined ? words : <span class={`syntax-${colour}`}>{words}</span>;
        return isChanged ? <b>{inner}</b> : inner;
      })}
      {length > mostCharacters && (
        <i class="quiet"> … {(length - mostCharacters).toLocaleString("en")} more characters</i>
      )}
      {isUnended === true && <i class="quiet"> (no line feed at the end)</i>}
    </>
  );
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
