/** @jsxImportSource hono/jsx */
// This room holds the parts that several pages are made of.
//
// An agent's state as an icon and a word; what colour they have is the stylesheet's.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { shownWordOf } from "../../../domain/fleet/status.ts";
import { Icon, type IconName } from "./icon.tsx";

type Tone = "busy" | "calm" | "warn" | "bad" | "off";

const looks: Readonly<Record<string, { icon: IconName; tone: Tone }>> = {
  starting: { icon: "dots", tone: "busy" },
  connected: { icon: "ring", tone: "calm" },
  working: { icon: "play", tone: "busy" },
  idle: { icon: "moon", tone: "calm" },
  waiting: { icon: "clock", tone: "calm" },
  stuck: { icon: "alert", tone: "warn" },
  paused: { icon: "pause", tone: "calm" },
  stopping: { icon: "stop", tone: "warn" },
  stopped: { icon: "stop", tone: "off" },
  error: { icon: "cross", tone: "bad" },
  failed_to_start: { icon: "cross", tone: "bad" },
  disconnected: { icon: "unplugged", tone: "off" },
  silent: { icon: "unplugged", tone: "off" },
  unknown: { icon: "question", tone: "calm" },
};

export function StatusBadge({ view }: { view: AgentView }) {
  const word = shownWordOf(view);
  const { icon, tone } = looks[word] ?? { icon: "question", tone: "calm" };
  return (
    <span class={`status ${tone}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

/** Why somebody has to look; nothing when nobody has to, or when the badge says all there is to say. */
export function AttentionLine({ view }: { view: AgentView }) {
  const { value, reason } = view.axes.attention;
  const isSaidByBadge = value === "error" && view.axes.attention.source !== "session" && !view.said?.message;
  return value === "none" || isSaidByBadge ? null : <p class="attention">{reason}</p>;
}
