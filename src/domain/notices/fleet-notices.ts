// Makes notices of what an agent needs, of the end of its work, and of alerts. Pure.
import { definedOf } from "../defined.ts";
import type { AgentView } from "../fleet/agent-view.ts";
import { type Need, type NeedKind, needVerb } from "../fleet/needs/need.ts";
import { adviceOn } from "../system/alert-advice.ts";
import { harmless } from "../text/harmless.ts";
import { firstLineOf, summaryOf } from "../text/summary.ts";
import type { AgentId } from "../wire/agent-id.ts";
import type { Alert } from "../wire/messages.ts";
import { type Notice, type NoticeKind, noticeId } from "./notice.ts";

/** How many agents the notice of the end of all work names. */
const agentsNamed = 5;

/** One notice for each need of the agent. */
export function needNotices(view: AgentView): Notice[] {
  return view.needs.map((need) => needNotice(view, need));
}

function needNotice(view: AgentView, need: Need): Notice {
  const { agent_id } = view;
  const { kind, since, reason, hint, request_id } = need;
  const anchor = request_id === undefined ? "" : `#request-${request_id}`;
  return {
    notice_id: noticeId(agent_id, kind, request_id ?? since),
    kind: kindOf(kind),
    at: since,
    agent_id,
    need: kind,
    ...definedOf({ request_id, hint: hint === undefined ? undefined : lineOf(hint) }),
    title: `${agent_id} ${needVerb(kind)}`,
    text: lineOf(reason),
    ...workOf(view),
    path: `/agents/${agent_id}${anchor}`,
  };
}

function kindOf(kind: NeedKind): NoticeKind {
  switch (kind) {
    case "died":
    case "lost":
    case "failed_to_start":
    case "error":
      return "error";
    case "stuck":
    case "limit":
    case "budget":
      return kind;
    default:
      return "needs_you";
  }
}

/** The agent's work has ended well. @param reason by what that is known */
export function doneNotice(view: AgentView, reason: string): Notice {
  const { agent_id, axes, task } = view;
  const at = axes.activity.at ?? axes.link.at ?? view.first_seen;
  return {
    notice_id: noticeId(agent_id, "done", at),
    kind: "done",
    at,
    agent_id,
    title: `${agent_id} is done`,
    text: lineOf(task.text === "" ? reason : task.text),
    ...workOf(view),
    path: `/agents/${agent_id}`,
  };
}

/** @param last the notice of the agent that was done last */
export function allDoneNotice(last: Notice, done: readonly AgentId[]): Notice {
  const named = done.slice(0, agentsNamed).join(", ");
  const others = done.length - agentsNamed;
  return {
    notice_id: noticeId("all_done", last.notice_id),
    kind: "all_done",
    at: last.at,
    title: "All agents are done",
    text: others > 0 ? `${named} and ${others} more` : named,
    path: "/",
  };
}

export function alertNotice(alert: Alert): Notice {
  const { alert_id, kind, severity, agent_id, message, first_seen } = alert;
  return {
    notice_id: noticeId("alert", alert_id),
    kind: isBudgetAlert(kind) ? "budget" : kind === "watchdog" ? "stuck" : "alert",
    at: first_seen,
    ...definedOf({ agent_id }),
    alert: kind,
    severity,
    title: adviceOn(alert).title,
    text: lineOf(message),
    hint: adviceOn(alert).action,
    path: isBudgetAlert(kind) ? "/costs" : "/system",
  };
}

/** What holds its agents until a person lets them go on is told by their need. */
export function isToldByNeed({ kind }: Pick<Alert, "kind">): boolean {
  return kind === "budget_reached" || kind === "watchdog_held";
}

function isBudgetAlert(kind: string): boolean {
  return kind.startsWith("budget_");
}

/** What `cliai notify test` tells. */
export function testNotice(id: string, now: Date): Notice {
  return {
    notice_id: noticeId("test", id),
    kind: "test",
    at: now.toISOString(),
    title: "A test from cliai",
    text: "Notices arrive here.",
    path: "/inbox",
  };
}

function workOf({ task, project_path }: AgentView): Pick<Notice, "task" | "project"> {
  return {
    ...(task.text === "" ? {} : { task: lineOf(task.text) }),
    ...(project_path === "unknown" ? {} : { project: project_path }),
  };
}

/** One line of at most 200 characters, none of which a terminal or a chat obeys. */
function lineOf(text: string): string {
  return harmless(summaryOf(firstLineOf(text)));
}
