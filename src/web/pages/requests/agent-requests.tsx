/** @jsxImportSource hono/jsx */
// On an agent's page: its requests that wait for a person, and those that were decided last.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { type AgentRequest, isOpen } from "../../../domain/requests.ts";
import { EndedItem, RequestItem } from "./request-item.tsx";

export interface AgentRequestsProps {
  readonly view: AgentView;
  /** The requests of all agents, open or decided. */
  readonly requests: readonly AgentRequest[];
  readonly now: Date;
}

const endedShown = 3;

export function AgentRequests({ view, requests, now }: AgentRequestsProps) {
  const own = requests.filter(({ agent_id }) => agent_id === view.agent_id);
  const open = own.filter(isOpen).sort((a, b) => (a.asked_at < b.asked_at ? -1 : 1));
  const ended = own
    .filter((request) => !isOpen(request))
    .sort((a, b) => ((a.ended_at ?? "") > (b.ended_at ?? "") ? -1 : 1));
  return (
    <section
      id="agent-requests"
      class="agent-requests"
      aria-labelledby="title-requests"
      hidden={own.length === 0}
    >
      <h2 id="title-requests">{open.length === 0 ? "Requests" : `Waits for you (${open.length})`}</h2>
      <ol class="requests">
        {open.map((request) => (
          <RequestItem request={request} view={view} now={now} isOwnPage />
        ))}
      </ol>
      <ol class="commands">
        {ended.slice(0, endedShown).map((request) => (
          <EndedItem request={request} view={view} now={now} />
        ))}
      </ol>
    </section>
  );
}
