// The status of an agent as short text for a terminal: symbol, word and, if it needs attention, `!` and the kind of attention.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { shownWordOf } from "../../domain/fleet/status.ts";
import { attentionWordsOf, lookOf, wordDetailOf } from "../../domain/fleet/status-look.ts";
import { type Colour, plain } from "../frame/terminal.ts";

export interface StatusMark {
  readonly text: string;
  readonly colour: Colour;
}

export function statusMark(view: AgentView): StatusMark {
  const word = shownWordOf(view);
  const words = [word, wordDetailOf(word, view.axes)].filter(Boolean).join(" ");
  const why = attentionWordsOf(view.axes);
  const attention = why === "" || why === word ? "" : ` !${why}`;
  const { symbol, colour } = lookOf(word);
  return { text: `${symbol} ${plain(words + attention)}`, colour: attention === "" ? colour : "red" };
}
