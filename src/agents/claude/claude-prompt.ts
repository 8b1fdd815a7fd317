// Reads from Claude Code's screen whether its prompt box takes text now, and whether it repeats a request to its model. Anything that is
// not known to be that box counts as `other`, because an Enter there could answer a dialog. Measured with 2.1.330.
import type { RetryShown } from "../../domain/hook.ts";
import { failureOfStatus } from "../../domain/model-failure.ts";
import { redact } from "../../domain/text/redact.ts";
import type { PromptState, TurnShown } from "../agent-cli.ts";
import type { ScreenRow, ScreenView } from "../terminal/terminal-screen.ts";

/** The edges of the box are lines of this character, from side to side. The upper one may contain a name. */
const upperEdge = /^─{4}.*─$/;
const lowerEdge = /^─+$/;
const promptSign = "❯";
/** The column in which the text begins, after the sign and a blank. */
const firstColumn = 2;
/**
 * The line below the box shows the permission mode: "⏵⏵ auto mode on (shift+tab to cycle)", "⏸ manual mode on · ? for shortcuts".
 * In a menu, the agents view, the list of subagents, the shell mode and after "Press Ctrl-C again" it shows something else.
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

/** `✻ 401 invalid x-api-key · retrying in 3s · attempt 4/10`, right above the prompt box. */
const retryLine = /^\S ((\d{3})?.*?) · retrying in .* · attempt (\d+)\/(\d+)/;
const rowsAboveBox = 4;

export function readClaudeRetry({ rows }: ScreenView): RetryShown | undefined {
  const box = lastRowWhere(rows, rows.length, ({ text }) => lowerEdge.test(text));
  const top = lastRowWhere(rows, box, ({ text }) => upperEdge.test(text));
  if (top === -1) return undefined;
  const above = rows.slice(Math.max(0, top - rowsAboveBox), top).map(({ text }) => text);
  for (const [index, text] of above.entries()) {
    // Join the rows, because a narrow terminal breaks the line.
    const line = `${text} ${above[index + 1]?.trimStart() ?? ""}`;
    const [, why = "", status, attempt, most] = retryLine.exec(line) ?? [];
    if (attempt !== undefined)
      return {
        detail: `${attempt}/${most}: ${redact(why)}`,
        error: failureOfStatus(Number(status)) ?? "other",
      };
  }
  return undefined;
}

/** The row above the box while a turn runs: "✽ Ideating… (3s)", "· Perambulating… (running PreToolUse hook · 0s)". After the turn it has no "…". */
const runningRow = /^[·✢✳✶✻✽*] \S[^…]*…/;
/** Words in the line below the box while a turn runs and nothing is written in the box. */
const runningWords = "esc to interrupt";

/**
 * Reads whether a turn runs. While a turn runs, the row above the box or the line below the box says so, or both say so. If the user has
 * pressed Esc before the model's first word, neither says so, and the prompt is in the box again.
 */
export function readClaudeTurn(screen: ScreenView): TurnShown {
  const { rows, cursor } = screen;
  if (readClaudePrompt(screen) === "other") return "other";
  if (readClaudeRetry(screen) !== undefined) return "running";
  const isRunning = rows.some(({ text }, row) =>
    row < cursor.row ? runningRow.test(text) : text.includes(runningWords),
  );
  return isRunning ? "running" : "none";
}

/** Whether the row continues a written text: such rows are indented to the first column of the text. */
function isContinued({ text }: ScreenRow): boolean {
  return text === "" || text.startsWith(" ".repeat(firstColumn));
}

/**
 * Whether the prompt's row has no text, or only a suggestion. A suggestion is dim, except for its first character, which is under the
 * cursor. A slash command is dim after its "/" too, but is not a suggestion.
 */
function isEmpty({ text, brightText }: ScreenRow): boolean {
  if (text === promptSign) return true;
  return text.length > firstColumn + 1 && brightText.length <= firstColumn + 1 && text[firstColumn] !== "/";
}

function lastRowWhere(rows: readonly ScreenRow[], before: number, fits: (row: ScreenRow) => boolean): number {
  return rows.slice(0, before).findLastIndex(fits);
}
