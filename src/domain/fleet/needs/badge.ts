// The badge of an agent: why it needs a person, or else its status. Pure.
import type { AgentView } from "../agent-view.ts";
import { lookOf, type StatusLook, statusTextOf } from "../status-look.ts";
import { type Need, type NeedKind, needWords } from "./need.ts";

type Shown = Pick<AgentView, "status" | "axes" | "needs">;

export interface Badge extends StatusLook {
  readonly text: string;
  /** What makes the words plain where no line below the badge does: a cause, a remedy; "" if they are plain. */
  readonly detail: string;
}

/** Never the look of an agent that works for one that waits for a person. */
export function badgeOf(view: Shown): Badge {
  const [need] = view.needs;
  const paused = view.axes.control.value === "paused" && view.axes.link.value === "online";
  if (need === undefined) return { ...lookOf(view.status), text: statusTextOf(view), detail: "" };
  const text = `${needWords(need.kind)}${paused ? " · paused" : ""}`;
  return { ...needLook(need.kind), text, detail: detailOf(need) };
}

function needLook(kind: NeedKind): StatusLook {
  switch (kind) {
    case "died":
    case "failed_to_start":
    case "error":
      return lookOf("crashed");
    case "lost":
      return { ...lookOf("silent"), tone: "bad" };
    case "stuck":
    case "limit":
    case "refused":
    case "unseen":
      return lookOf("stuck");
    case "question":
    case "permission":
    case "stop_approval":
    case "terminal":
      return { symbol: "!", colour: "red", icon: "question", tone: "warn" };
  }
}

function detailOf({ kind, reason, hint, cause }: Need): string {
  switch (kind) {
    case "stuck":
    case "limit":
      return hint ?? cause ?? "";
    case "died":
    case "failed_to_start":
      return cause ?? "";
    case "refused":
    case "terminal":
    case "unseen":
      return reason;
    default:
      return "";
  }
}
