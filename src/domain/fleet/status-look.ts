// How each status looks, in a terminal and on the page. Nobody is told by the colour alone: the word stands beside it.
import type { AgentView } from "./agent-view.ts";
import type { Axes } from "./axes.ts";

export interface StatusLook {
  /** In a terminal. */
  readonly symbol: string;
  readonly colour: "green" | "yellow" | "red" | "dim";
  /** On the page: what the icon shows, and the class that its style goes by. */
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
  stopping: { symbol: "◍", colour: "yellow", icon: "stop", tone: "warn" },
  stopped: { symbol: "■", colour: "dim", icon: "stop", tone: "off" },
  error: { symbol: "✗", colour: "red", icon: "cross", tone: "bad" },
  crashed: { symbol: "✗", colour: "red", icon: "cross", tone: "bad" },
  failed_to_start: { symbol: "✗", colour: "red", icon: "cross", tone: "bad" },
  ended: { symbol: "□", colour: "dim", icon: "stop", tone: "off" },
  disconnected: { symbol: "◇", colour: "red", icon: "unplugged", tone: "off" },
  silent: { symbol: "◇", colour: "red", icon: "unplugged", tone: "off" },
};
const unknownLook: StatusLook = { symbol: "?", colour: "yellow", icon: "question", tone: "calm" };

/** @param word a status, or a word that nobody knows yet */
export function lookOf(word: string): StatusLook {
  return looks[word] ?? unknownLook;
}

/** The status for a person: its word, and with it how a CLI crashed, and which retry it is. */
export function statusTextOf({ status, axes }: Pick<AgentView, "status" | "axes">): string {
  const { reason } = axes.activity;
  if (status === "crashed") return `crashed: ${reason.split(";")[0]}`;
  return status === "retrying" ? `retrying ${reason}` : status;
}

/** Why somebody has to look, in few words: `refused Bash: no rule allows it`, `question`. Empty where nobody has to. */
export function attentionWordsOf({ attention: { value, reason } }: Axes): string {
  if (value === "none") return "";
  if (value === "refused") return `refused ${reason}`;
  return value === "terminal" ? `terminal: ${reason}` : value;
}
