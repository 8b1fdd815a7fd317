// A comment on lines of an agent's changes, and the task that it becomes: with the file, the numbers of the lines, and the lines themselves.
import { harmless } from "../text/harmless.ts";
import { beginningOf } from "../text/summary.ts";
import type { DiffLine, Hunk } from "./patch.ts";

/** Whose numbers count: those of the lines as they are now, or as they were before. */
export const sides = ["now", "before"] as const;
export type Side = (typeof sides)[number];

export interface LineRange {
  readonly side: Side;
  readonly from: number;
  /** The last line; at least `from`. */
  readonly to: number;
}

/** Of more lines, and of longer ones, only so much is quoted: the agent has the file. */
const mostQuoted = 60;
const mostCharacters = 300;

/** The line's number on that side; undefined if it does not stand there. */
export function numberOn(line: DiffLine, side: Side): number | undefined {
  return side === "now" ? line.new : line.old;
}

/** The lines of the range that are shown; undefined unless its first and its last one are. */
export function linesIn(hunks: readonly Hunk[], { side, from, to }: LineRange): DiffLine[] | undefined {
  const found = hunks
    .flatMap(({ lines }) => lines)
    .filter((line) => {
      const number = numberOn(line, side);
      return number !== undefined && from <= number && number <= to;
    });
  const [first, last] = [found[0], found.at(-1)];
  const isWhole = first && last && numberOn(first, side) === from && numberOn(last, side) === to;
  return isWhole ? found : undefined;
}

/** `line 12`, `lines 12–14`; of lines as they were before, it says so. */
export function rangeText({ side, from, to }: LineRange): string {
  const lines = from === to ? `line ${from}` : `lines ${from}–${to}`;
  return side === "now" ? lines : `${lines}, as before the change`;
}

/** The text of the task. Its first line says where, and what. */
export function commentText(
  path: string,
  range: LineRange,
  lines: readonly DiffLine[],
  words: string,
): string {
  const quoted = lines.slice(0, mostQuoted).map((line) => {
    const sign = { same: " ", added: "+", deleted: "-" }[line.kind];
    const text = beginningOf(harmless(line.text.replaceAll("\t", "    ").replace(/\r$/, "")), mostCharacters);
    return `> ${numberOn(line, range.side)} ${sign} ${text}`.trimEnd();
  });
  const more = lines.length - quoted.length;
  return [
    `${harmless(path)}, ${rangeText(range)}: ${words.trim()}`,
    "",
    range.side === "now" ? "The lines of your changes:" : "The lines, as they were before your changes:",
    ...quoted,
    ...(more > 0 ? [`> (and ${more} more lines)`] : []),
  ].join("\n");
}
