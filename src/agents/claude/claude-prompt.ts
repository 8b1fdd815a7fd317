// Reads from Claude Code's screen whether its prompt box takes words now: measured with 2.1.330. Whatever is not known to be
// that box counts as something else, for an Enter there may answer a dialog.
import type { PromptState } from "../agent-cli.ts";
import type { ScreenRow, ScreenView } from "../terminal-screen.ts";

/** Each edge of the box is a line of these, from side to side; the upper one may carry a name. */
const upperEdge = /^─{4}.*─$/;
const lowerEdge = /^─+$/;
const promptSign = "❯";
/** Where the words begin, behind the sign and a blank. */
const firstColumn = 2;
/**
 * Below the box stands the permission mode: "⏵⏵ auto mode on (shift+tab to cycle)", "⏸ manual mode on · ? for shortcuts". A menu, the
 * agents view, the list of subagents, the shell mode and "Press Ctrl-C again" write something else there.
 */
const modeLine = /^ *(?:⏵⏵|⏸) [a-z ]+ on(?: |$)/;

export function readClaudePrompt({ rows, cursor }: ScreenView): PromptState {
  const top = lastRowWhere(rows, cursor.row, ({ text }) => upperEdge.test(text));
  const bottom = rows.findIndex(({ text }, row) => row > cursor.row && lowerEdge.test(text));
  const first = rows[top + 1];
  if (top === -1 || bottom === -1 || first === undefined || cursor.column < firstColumn) return "other";
  const isBox = first.text.startsWith(promptSign) && rows.slice(top + 2, bottom).every(isContinued);
  if (!isBox || !rows.slice(bottom + 1).some(({ text }) => modeLine.test(text))) return "other";
  return isEmpty(first) && bottom === top + 2 && cursor.column === firstColumn ? "empty" : "written";
}

/** Further rows of what is written stand under its first word. */
function isContinued({ text }: ScreenRow): boolean {
  return text === "" || text.startsWith(" ".repeat(firstColumn));
}

/** A suggestion is written dim; its first character, under the cursor, is not. A command is dim behind its "/" as well. */
function isEmpty({ text, brightText }: ScreenRow): boolean {
  if (text === promptSign) return true;
  return text.length > firstColumn + 1 && brightText.length <= firstColumn + 1 && text[firstColumn] !== "/";
}

function lastRowWhere(rows: readonly ScreenRow[], before: number, fits: (row: ScreenRow) => boolean): number {
  return rows.slice(0, before).findLastIndex(fits);
}
