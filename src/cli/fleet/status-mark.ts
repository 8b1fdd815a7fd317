// The status of an agent as short text for a terminal: symbol, word and, if it needs attention, `!` and the kind of attention.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { attentionWordsOf, lookOf, statusTextOf } from "../../domain/fleet/status-look.ts";
import { type Colour, plain } from "../frame/terminal.ts";

export interface StatusMark {
  readonly text: string;
  readonly colour: Colour;
}

export function statusMark(view: AgentView): StatusMark {
  const why = attentionWordsOf(view.axes);
  // Do not print the word twice: `stuck !log in: …`, not `stuck !stuck: log in: …`.
  const more = why.startsWith(`${view.status}: `) ? why.slice(view.status.length + 2) : why;
  const attention = why === "" || why === view.status ? "" : ` !${more}`;
  const { symbol, colour } = lookOf(view.status);
  const text = `${symbol} ${plain(statusTextOf(view) + attention)}`;
  return { text, colour: attention === "" ? colour : "red" };
}
