// How each status looks in a terminal and on the page. The word is always beside the colour, because some people cannot see the colour.
import type { AgentView } from "./agent-view.ts";
import type { Axes } from "./axes.ts";

export interface StatusLook {
  /** In a terminal. */
  readonly symbol: string;
  readonly colour: "green" | "yellow" | "red" | "dim";
  /** On the page: the name of the icon, and the class for its style. */
  readonly icon: IconOfStatus;
  readonly tone: "busy" | "calm" | "warn" | "bad" | "off";
}

type IconOfStatus =
  | ("dots" | "ring" | "play" | "moon" | "clock" | "alert")
  | ("pause" | "stop" | "cross" | "unplugged" | "question");

const looks: Readonly<Record<string, StatusLook>> = {
  starting: { symbol: "◌", colour: "dim", icon: "dots", tone: "busy" },
  connected: { symbol: "○", colour: "green", icon: "ring", tone: "calm" },
  working: { symbol: "●", colour: "green", icon: "play", tone: "busy" },
  retrying: { symbol: "↻", colour: "yellow", icon: "clock", tone: "warn" },
  idle: { symbol: "○", colour: "green", icon: "moon", tone: "calm" },
  waiting: { symbol: "◐", colour: "yellow", icon: "clock", tone: "calm" },
  stuck: { symbol: "▲", colour: "red", icon: "alert", tone: "warn" },
  paused: { symbol: "‖", colour: "yellow", icon: "pause", tone: "calm" },
  held: { symbol: "‖", colour: "yellow", icon: "clock", tone: "calm" },
  stopping: { symbol: "◍", colour: "yellow", icon: "stop", tone: "warn" },
  stopped: { symbol: "■", colour: "dim", icon: "stop", tone: "off" },
  error: { symbol: "✗", colour: "red", icon: "cross", tone: "bad" },
  crashed: { symbol: "✗", colour: "red", icon: "cross", tone: "bad" },
  failed_to_start: { symbol: "✗", colour: "red", icon: "cross", tone: "bad" },
  ended: { symbol: "□", colour: "dim", icon: "stop", tone: "off" },
  disconnected: { symbol: "◇", colour: "red", icon: "unplugged", tone: "off" },
  silent: { symbol: "◇", colour: "red", icon: "unplugged", tone: "off" },
};
/** Every word that the status of an agent can be, besides `unknown`. */
export const statusWords: readonly string[] = Object.keys(looks);

const unknownLook: StatusLook = { symbol: "?", colour: "yellow", icon: "question", tone: "calm" };

/** @param word a status; an unknown word gets the look of `unknown` */
export function lookOf(word: string): StatusLook {
  return looks[word] ?? unknownLook;
}

/** The status for a person: its word; for a crash also how it happened, and for a retry which try it is. */
export function statusTextOf({ status, axes }: Pick<AgentView, "status" | "axes">): string {
  const { reason } = axes.activity;
  if (status === "crashed") return `crashed: ${reason.split(";")[0]}`;
  return status === "retrying" ? `retrying ${reason}` : status;
}

/** Why the agent needs a person, in few words: `refused Bash: no rule allows it`, `question`. "" if it needs nobody. */
export function attentionWordsOf({ attention: { value, reason, hint, until } }: Axes): string {
  if (value === "none" || until !== undefined) return "";
  if (value === "refused") return `refused ${reason}`;
  if (value === "stuck" && hint !== undefined) return `stuck: ${hint}`;
  return value === "terminal" ? `terminal: ${reason}` : value;
}
