// How a status looks in the terminal: an icon, the word and a colour; never the colour alone.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { shownWordOf } from "../../domain/fleet/status.ts";
import { type Colour, plain } from "../frame/terminal.ts";

const marks: Readonly<Record<string, readonly [icon: string, colour: Colour]>> = {
  starting: ["◌", "dim"],
  connected: ["○", "green"],
  working: ["●", "green"],
  idle: ["○", "green"],
  waiting: ["◐", "yellow"],
  paused: ["‖", "yellow"],
  stopping: ["◍", "yellow"],
  stopped: ["■", "dim"],
  error: ["✗", "red"],
  failed_to_start: ["✗", "red"],
  disconnected: ["◇", "red"],
  silent: ["◇", "red"],
  stuck: ["▲", "red"],
};

export interface StatusMark {
  readonly text: string;
  readonly colour: Colour;
}

export function statusMark(view: AgentView): StatusMark {
  const word = shownWordOf(view);
  const { value } = view.axes.attention;
  const attention = value === "none" || value === word ? "" : ` !${value}`;
  const [icon, colour] = marks[word] ?? ["?", "yellow"];
  return { text: `${icon} ${plain(word)}${attention}`, colour: attention === "" ? colour : "red" };
}
