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
  const query = new URLSearchParams({ ...(agent === undefined ? {} : { agent }), before: String(seq + 1) });
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
  return { href: `/inbox#request-${requestId}`, request_id: requestId };
}
