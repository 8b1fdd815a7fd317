// Addresses of the dashboard where a line of the report can be checked.
import type { AnyRecord } from "../history/record-line.ts";
import { agentOfRecord } from "../wire/subjects.ts";
import type { Evidence } from "./report-lines.ts";

/** The record in the timeline. */
export function recordEvidence({
  seq,
  subject,
}: Pick<AnyRecord, "seq" | "subject">): Required<Pick<Evidence, "href" | "seq">> {
  const agent = agentOfRecord(subject);
  const query = new URLSearchParams({ ...(agent === undefined ? {} : { agent }), record: String(seq) });
  return { href: `/timeline?${query}#r${seq}`, seq };
}

/** The order on its agent's page. */
export function orderEvidence(
  agent: string,
  commandId: string,
): Required<Pick<Evidence, "href" | "command_id">> {
  return { href: `/agents/${agent}/commands#command-${commandId}`, command_id: commandId };
}

export function requestEvidence(requestId: string): Required<Pick<Evidence, "href" | "request_id">> {
  // Named in the query, too: the inbox shows only the last of the decided ones by itself.
  return { href: `/inbox?request=${requestId}#request-${requestId}`, request_id: requestId };
}

/** What the agent's page says of what waits for a person, and of what holds the agent. */
export function agentEvidence(agent: string): Required<Pick<Evidence, "href">> {
  return { href: `/agents/${agent}#agent-requests` };
}

export function heldEvidence(agent: string): Required<Pick<Evidence, "href">> {
  return { href: `/agents/${agent}#agent-axes` };
}

/** The task with which the agent was launched. */
export function launchEvidence(agent: string): Required<Pick<Evidence, "href">> {
  return { href: `/agents/${agent}/settings#launch-task` };
}

/** What it has used, and what it has changed. */
export function spentHref(agent: string): string {
  return `/agents/${agent}/cost`;
}

export function changesHref(agent: string): string {
  return `/agents/${agent}/changes`;
}
