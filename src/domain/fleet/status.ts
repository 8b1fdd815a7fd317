// Derives the four axes of an agent's status from its record and the time, for the terminal, the API and the page. Each value
// has its source, time and reason; without evidence it is `unknown`.
import type { AgentRecord } from "./agent-record.ts";
import { type Axes, isHeldBack } from "./axes.ts";
import { deriveActivity } from "./axis/activity.ts";
import { deriveAttention } from "./axis/attention.ts";
import { deriveControl } from "./axis/control.ts";
import { deriveLink } from "./axis/link.ts";

/** @param listeningSince since when the caller can hear heartbeats, RFC 3339; it may have missed earlier ones */
export function deriveAxes(record: AgentRecord, now: Date, listeningSince?: string): Axes {
  const link = deriveLink(record, now, listeningSince);
  const activity = deriveActivity(record, link, now);
  const control = deriveControl(record, link, now);
  const isWorking = activity.value === "working" && !isHeldBack({ control });
  return { link, activity, control, attention: deriveAttention(record, link, isWorking, now) };
}

/** The status as one word, the same in the terminal, the page and JSON. `docs/words.md` says what each word means. */
export function statusWordOf(axes: Axes): string {
  const isStuck = axes.attention.value === "stuck" && axes.activity.value !== "retrying";
  return isStuck ? "stuck" : wordOf(axes);
}

function wordOf({ link, activity, control }: Axes): string {
  if (control.value === "stopped") return "stopped";
  if (link.value === "never") return "starting";
  if (activity.value === "failed_to_start" || activity.value === "crashed") return activity.value;
  if (link.value === "offline" && activity.value === "done") return "ended";
  if (link.value === "silent") return "silent";
  if (link.value === "offline") return "disconnected";
  if (control.value === "paused" || control.value === "held") return control.value;
  if (control.value === "stop_requested") return "stopping";
  switch (activity.value) {
    case "starting":
    case "working":
    case "retrying":
    case "idle":
    case "waiting":
      return activity.value;
    case "done":
      return "idle";
    case "failed":
      return "error";
    case "unknown":
      return activity.source === "none" ? "connected" : "unknown";
  }
}
