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
  const { remedy } = event;
  return {
    ...session,
    retry: { detail, error, ...definedOf({ remedy }), since: session.retry?.since ?? at },
  };
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

/** Removes the retry: any other kind of event shows that the model has answered, or that the CLI has given up. */
export function withoutRetry(session: SessionEvidence, kind: string): SessionEvidence {
  if (session.retry === undefined || besideRetry.has(kind)) return session;
  const { retry: _, ...rest } = session;
  return rest;
}
