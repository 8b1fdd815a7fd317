// How a status looks in the terminal: an icon, the word and a colour; never the colour alone.
import type { AgentView } from "../domain/agent-record.ts";
import { type Colour, plain } from "./terminal.ts";

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
  disconnected: ["◇", "red"],
};

export interface StatusMark {
  readonly text: string;
  readonly colour: Colour;
}

export function statusMark({ status, axes }: AgentView): StatusMark {
  const attention = axes.attention.value === "none" ? "" : ` !${axes.attention.value}`;
  const [icon, colour] = marks[status] ?? ["?", "yellow"];
  return { text: `${icon} ${plain(status)}${attention}`, colour: attention === "" ? colour : "red" };
}
