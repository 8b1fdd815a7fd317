// Reduces the events about troubles: a tool that the CLI's own rules refuse, a request to its model that the CLI repeats, and the loss of
// cliai's tools.
import { definedOf } from "../../defined.ts";
import { summaryOf } from "../../text/summary.ts";
import { type AgentEvent, failureWords, toolsEventKinds } from "../../wire/event-messages.ts";
import type { SessionEvidence } from "../session-evidence.ts";
import { toolOf } from "./session-waits.ts";

/** Adds a refused tool to the session; counts them until the next prompt. Keeps the time of the first, since when a person is needed. */
export function withDenied(session: SessionEvidence, event: AgentEvent, at: string): SessionEvidence {
  const { detail, remedy } = event;
  const denied = {
    tool: toolOf(event).tool,
    detail: summaryOf(detail ?? ""),
    ...definedOf({ remedy }),
    count: (session.denied?.count ?? 0) + 1,
    at: session.denied?.at ?? at,
  };
  return { ...session, denied };
}

/** Adds to the session that the CLI repeats a request. Keeps the time of the first try. */
export function withRetry(session: SessionEvidence, event: AgentEvent, at: string): SessionEvidence {
  const error = failureWords.find((word) => word === event.error) ?? "other";
  const detail = summaryOf(event.detail ?? "");
  const { remedy, limit_resets_at } = event;
  const more = definedOf({ remedy, limit_resets_at: limit_resets_at ?? undefined });
  // The time of the first try is that of the first for the same reason: an overload may become a limit.
  const since = session.retry?.error === error ? session.retry.since : at;
  return { ...session, retry: { detail, error, ...more, since, at } };
}

export function withToolsLost(session: SessionEvidence, event: AgentEvent, at: string): SessionEvidence {
  const { detail, remedy } = event;
  return { ...session, tools_lost: { detail: summaryOf(detail ?? ""), ...definedOf({ remedy }), at } };
}

export function withToolsBack({ tools_lost: _, ...session }: SessionEvidence): SessionEvidence {
  return session;
}

/** Kinds of events that may come while the CLI waits to repeat its request. They do not show that the model has answered. */
const besideRetry: ReadonlySet<string> = new Set([
  ...["retry", "usage", "notification", "background", "session_start", "subagent_start", "subagent_end"],
  ...toolsEventKinds,
]);

/** Those that show that the model has answered. */
const answers: ReadonlySet<string> = new Set(["retry_end", "tool_start", "said"]);

/** Removes the retry: any other kind of event shows that the model has answered, or that the CLI has given up. */
export function withoutRetry(session: SessionEvidence, kind: string, at: string): SessionEvidence {
  if (session.retry === undefined || besideRetry.has(kind)) return session;
  const { retry, ...rest } = session;
  return retry.error === "usage_limit" && answers.has(kind) ? { ...rest, limit_passed_at: at } : rest;
}
