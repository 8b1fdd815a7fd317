// The badge of an agent: why it needs a person, or else its status. Pure.
import { definedOf } from "../../defined.ts";
import { holdWords } from "../../holding/hold.ts";
import type { AgentView } from "../agent-view.ts";
import { isHeldBack } from "../axes.ts";
import { lookOf, type StatusLook, statusTextOf } from "../status-look.ts";
import { type Need, type NeedKind, needWords } from "./need.ts";

type Shown = Pick<AgentView, "status" | "axes" | "needs" | "holds">;

export interface Badge extends StatusLook {
  readonly text: string;
  /** What makes the words plain where no line below the badge does: a cause, a remedy; "" if they are plain. */
  readonly detail: string;
  /** When it ends by itself, RFC 3339. */
  readonly until?: string;
}

/** Never the look of an agent that works for one that waits for a person. */
export function badgeOf(view: Shown): Badge {
  const [need] = view.needs;
  if (need === undefined) {
    return { ...lookOf(view.status), text: statusTextOf(view), ...waitOf(view) };
  }
  const back = isHeldBack(view.axes) && view.axes.link.value === "online" ? view.axes.control.value : "";
  const text = `${needWords(need.kind)}${back === "" ? "" : ` · ${back}`}`;
  return { ...needLook(need.kind), text, detail: detailOf(need) };
}

/** What an agent waits for that needs nobody. */
function waitOf({ status, axes, holds = [] }: Shown): Pick<Badge, "detail" | "until"> {
  if (status === "held") return { detail: axes.control.reason, ...definedOf({ until: axes.control.until }) };
  const { until } = axes.attention;
  if (status !== "stuck" || until === undefined) return { detail: "" };
  return { detail: holdWords(holds.filter(({ reason }) => reason === "usage_limit")), until };
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
    case "budget":
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
