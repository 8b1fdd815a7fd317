// Makes text for a terminal: aligned, and coloured if wanted. `plain` replaces control characters in the agents' own words,
// because a terminal would obey them and show a person something else.

import { harmless } from "../../domain/text/harmless.ts";

export type Colour = "red" | "green" | "yellow" | "blue" | "magenta" | "cyan" | "dim" | "bold" | "inverse";

const codes: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
  inverse: [7, 27],
};

export function paint(text: string, colour: Colour | undefined, enabled: boolean): string {
  if (!enabled || colour === undefined) return text;
  const [on, off] = codes[colour];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** Makes one line of the text, and replaces control characters and the marks that change the direction of writing. */
export function plain(text: string): string {
  return harmless(text.replace(/\s+/g, " "));
}

/** How many columns a text takes on a terminal, exact enough for a table. */
export function widthOf(text: string): number {
  // Most texts are of this kind, and a list of many agents is measured at each draw.
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}|\u200d|\ufe0f/u.test(character)) continue;
    width += isWide(character) ? 2 : 1;
  }
  return width;
}

export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  for (const character of text) {
    if (widthOf(kept) + widthOf(character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** The lines into which a text is broken at blanks so that none is wider; a longer word is broken anywhere. Each begins with the text's indent. */
export function wrap(text: string, width: number): string[] {
  const indent = (/^ */.exec(text)?.[0] ?? "").slice(0, Math.floor(width / 2));
  const lines: string[] = [];
  let line = indent;
  const end = () => {
    lines.push(line.trimEnd());
    line = indent;
  };
  for (const word of text.trim().split(/(?<= )/)) {
    if (line !== indent && widthOf(line + word.trimEnd()) > width) end();
    for (const character of word) {
      if (line !== indent && widthOf(line + character) > width) end();
      if (character !== " " || line !== indent) line += character;
    }
  }
  end();
  return lines;
}

export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** Pads each cell to its column's width. Cuts the last cell if the line, with two blanks between cells, passes `lineWidth`. */
export function alignRows(
  rows: readonly (readonly string[])[],
  lineWidth = Number.POSITIVE_INFINITY,
): string[][] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ""))),
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  return rows.map((row) =>
    row.map((cell, column) =>
      column === count - 1 ? cut(cell, Math.max(8, lineWidth - before)) : pad(cell, widths[column] ?? 0),
    ),
  );
}

/** The local time of day of an RFC 3339 time: `14:03:22.123`. */
export function clockText(at: string): string {
  const time = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${parts}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

/** A time of today as `01:25`, one of another day as `2026-12-03 01:25`; in local time. */
export function untilClock(at: string, now: Date): string {
  const time = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  if (time.toDateString() === now.toDateString()) return clock;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}

/** East Asian Width W and F, Unicode 17; in ranges that are a little too wide where nothing else stands between. */
const wide = new RegExp(
  [
    /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff]/u,
    /[\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18df2}\u{1aff0}-\u{1b2fb}]/u,
    /[\u{1d300}-\u{1d376}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u,
  ]
    .map(({ source }) => source)
    .join("|"),
  "u",
);

function isWide(character: string): boolean {
  return wide.test(character);
}

/** The local day of an RFC 3339 time. */
export function dayText(at: string): string {
  const time = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}
