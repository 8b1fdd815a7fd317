// Reads from Copilot CLI's screen whether its prompt takes text now, and whether a turn runs. Anything that is not known to be the prompt
// counts as `other`, because an Enter there could answer a dialog. Measured with 1.0.102, on 120 and on 80 columns.
import type { PromptState, TurnShown } from "../agent-cli.ts";
import type { ScreenView } from "../terminal/terminal-screen.ts";

/** The lines above and below the prompt, from side to side. */
const edge = /^─{10,}$/;
const promptSign = "❯";
/** The column in which the text begins, after the sign and a blank. */
const firstColumn = 2;
/**
 * The line below the prompt names the mode: " ← open sidebar · Interactive · Manual Approval · / commands", or without the first part if
 * something is written. While its plugins are loaded, in a menu, in the help and in the shell mode it shows something else.
 */
const modeLine = /^ (?:← open sidebar · )?(?:Interactive|Plan|Autopilot) · /;
/** The line below the prompt if the turn is over and has left a command running. */
const backgroundLine = /^ \S Waiting for background shells( |$)/;
const workingLine = /^ \S Working( |$)/;

export function readCopilotPrompt({ rows, cursor }: ScreenView): PromptState {
  const texts = rows.map(({ text }) => text);
  const bottom = texts.findLastIndex((text) => edge.test(text));
  const top = texts.slice(0, Math.max(0, bottom)).findLastIndex((text) => edge.test(text));
  const [first = "", below = ""] = [texts[top + 1], texts[bottom + 1]];
  const isPrompt = top !== -1 && first.startsWith(promptSign) && cursor.row > top && cursor.row < bottom;
  if (!isPrompt || !(modeLine.test(below) || backgroundLine.test(below))) return "other";
  return first === promptSign && bottom === top + 2 && cursor.column === firstColumn ? "empty" : "written";
}

/** While a turn runs, the line below the prompt says so, even if the user writes something meanwhile. */
export function readCopilotTurn(screen: ScreenView): TurnShown {
  if (screen.rows.some(({ text }) => workingLine.test(text))) return "running";
  return readCopilotPrompt(screen) === "other" ? "other" : "none";
}
