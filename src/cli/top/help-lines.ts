// The help of `cliai top`. Pure.
import { alignRows, cut } from "../frame/terminal.ts";

/** The same rows as in docs/commands.md. */
const keys: readonly (readonly [keys: string, what: string])[] = [
  ["j k, arrows", "move; also PgUp, PgDn, Home, End"],
  ["Enter", "show all of one agent; Esc leads back, left and right to its neighbours"],
  ["/", "show only the agents with these words"],
  ["f", "show only one state: those that need you, work, are paused, are idle, are away"],
  ["g i, g f", "show those that need you (the inbox), the whole fleet"],
  ["Esc", "take back marks, words, state"],
  ["Space", "mark agents; t, p and s then act on all marked ones"],
  ["y n", "approve or refuse what the agent asks"],
  ["1-9", "answer a question with the choice of that number"],
  ["r", "answer a question in words; refuse with a reason"],
  ["t", "give a task"],
  ["p", "pause, or let a paused agent go on"],
  ["s", "stop, after a question; once more ends it at once"],
  ["a", "attach to the agent's terminal; ctrl-\\ comes back"],
  ["Ctrl-L", "draw the screen anew"],
  ["Ctrl-Z", "leave for the shell; fg comes back"],
  ["q", "quit"],
  ["?", "this list"],
];

export function helpLines(columns: number): string[] {
  return alignRows(
    keys.map(([name, what]) => [`  ${name}`, what]),
    columns,
  ).map((cells) => cut(cells.join("  "), columns));
}
