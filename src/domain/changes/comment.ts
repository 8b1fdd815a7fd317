// A comment on lines of an agent's changes, and the task that it becomes: with the file, the numbers of the lines, and the lines themselves.
import { harmless } from "../text/harmless.ts";
import { beginningOf } from "../text/summary.ts";
import { clock } from "./changes-report.ts";
import type { DiffLine, Hunk } from "./patch.ts";
import { type SinceQuoted, sinceQuotedText } from "./since-quoted.ts";

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

/** Of lines in the changes of one turn: which state of the file they are of, if it is not the present one. */
export interface QuotedState {
  /** When the turn began, RFC 3339. Lines before it are those at that time, and others those when it was over. */
  readonly turn: string;
  readonly since: SinceQuoted;
}

export interface CommentOn {
  readonly path: string;
  readonly range: LineRange;
  /** Undefined for the lines of the file as it is now. */
  readonly state?: QuotedState | undefined;
}

const ofThen = ", as of an earlier turn";

/** The text of the task. Its first line says where, and what. @param lines undefined if they cannot be quoted, because they are not shown */
export function commentText(
  { path, range, state }: CommentOn,
  lines: readonly DiffLine[] | undefined,
  words: string,
): string {
  const first = `${harmless(path)}, ${rangeText(range)}${state === undefined ? "" : ofThen}: ${words.trim()}`;
  if (lines === undefined) {
    return `${first}\n\nThe lines are not quoted: they were not shown any more when this was sent, so their numbers may be others now.`;
  }
  const quoted = lines.slice(0, mostQuoted).map((line) => {
    const sign = { same: " ", added: "+", deleted: "-" }[line.kind];
    const text = beginningOf(harmless(line.text.replaceAll("\t", "    ").replace(/\r$/, "")), mostCharacters);
    return `> ${numberOn(line, range.side)} ${sign} ${text}`.trimEnd();
  });
  const more = lines.length - quoted.length;
  return [
    first,
    "",
    whichLines(range.side, state),
    ...quoted,
    ...(more > 0 ? [`> (and ${more} more lines)`] : []),
    ...(state === undefined ? [] : [harmless(sinceQuotedText(path, state.since))]),
  ].join("\n");
}

function whichLines(side: Side, state: QuotedState | undefined): string {
  if (state === undefined)
    return side === "now" ? "The lines of your changes:" : "The lines, as they were before your changes:";
  const turn = `your turn that began ${clock(state.turn)}`;
  return `The lines, as they were ${side === "now" ? `when ${turn} was over` : `before ${turn}`}:`;
}

/** What the person wrote, of the beginning of such a text. */
export function wordsOf(text: string): string {
  const [, words = text] =
    /, lines? \d+(?:–\d+)?(?:, as before the change)?(?:, as of an earlier turn)?: ([\s\S]*)$/.exec(text) ??
    [];
  return words.split("\n\nThe lines")[0] ?? words;
}
