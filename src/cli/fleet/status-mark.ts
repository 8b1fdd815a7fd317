// A status as one line of a terminal: its symbol, its word and, where somebody has to look, why.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { shownWordOf } from "../../domain/fleet/status.ts";
import { lookOf } from "../../domain/fleet/status-look.ts";
import { type Colour, plain } from "../frame/terminal.ts";

export interface StatusMark {
  readonly text: string;
  readonly colour: Colour;
}

export function statusMark(view: AgentView): StatusMark {
  const word = shownWordOf(view);
  const { value } = view.axes.attention;
  const attention = value === "none" || value === word ? "" : ` !${value}`;
  const { symbol, colour } = lookOf(word);
  return { text: `${symbol} ${plain(word)}${attention}`, colour: attention === "" ? colour : "red" };
}
