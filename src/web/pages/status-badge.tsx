/** @jsxImportSource hono/jsx */
// An agent's state as an icon and a word; what colour they have is the stylesheet's.
import type { AgentView } from "../../domain/agent-record.ts";
import { Icon, type IconName } from "./icon.tsx";

type Tone = "busy" | "calm" | "warn" | "bad" | "off";

const looks: Readonly<Record<string, { icon: IconName; tone: Tone }>> = {
  starting: { icon: "dots", tone: "busy" },
  connected: { icon: "ring", tone: "calm" },
  working: { icon: "play", tone: "busy" },
  idle: { icon: "moon", tone: "calm" },
  waiting: { icon: "clock", tone: "calm" },
  blocked: { icon: "alert", tone: "warn" },
  paused: { icon: "pause", tone: "calm" },
  stopping: { icon: "stop", tone: "warn" },
  stopped: { icon: "stop", tone: "off" },
  error: { icon: "cross", tone: "bad" },
  disconnected: { icon: "unplugged", tone: "off" },
  silent: { icon: "unplugged", tone: "off" },
  unknown: { icon: "question", tone: "calm" },
};

/** The word for a person: what wants attention comes before what is done meanwhile. */
function wordOf({ status, axes }: AgentView): string {
  if (axes.attention.value === "stuck") return "blocked";
  if (axes.link.value === "silent" && status === "disconnected") return "silent";
  return status;
}

export function StatusBadge({ view }: { view: AgentView }) {
  const word = wordOf(view);
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
  const isSaidByBadge = (value === "stuck" || value === "error") && view.said?.message === undefined;
  return value === "none" || isSaidByBadge ? null : <p class="attention">{reason}</p>;
}
