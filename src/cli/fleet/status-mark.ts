// The status of an agent as short text for a terminal: a symbol and, if it needs a person, why; else its status.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { badgeOf } from "../../domain/fleet/needs/badge.ts";
import { attentionWordsOf } from "../../domain/fleet/status-look.ts";
import { type Colour, plain, untilClock } from "../frame/terminal.ts";

export interface StatusMark {
  readonly text: string;
  readonly colour: Colour;
}

export function statusMark(view: AgentView, now = new Date()): StatusMark {
  const { symbol, text, detail, colour, until } = badgeOf(view);
  // What a person may want to know although the agent works on without one.
  const beside = view.needs.length === 0 ? attentionWordsOf(view.axes) : "";
  const end = until === undefined ? "" : `, until ${untilClock(until, now)}`;
  const words = [
    `${symbol} ${text}`,
    detail === "" ? "" : `: ${detail}`,
    end,
    beside === "" ? "" : ` !${beside}`,
  ];
  return { text: plain(words.join("")), colour: beside === "" ? colour : "yellow" };
}
