/** @jsxImportSource hono/jsx */
// On an agent's page: what about it needs a person, and its requests that were decided last.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { type FleetNeed, listNeeds, type NeedGroup } from "../../../domain/fleet/needs/fleet-needs.ts";
import { type AgentRequest, isOpen } from "../../../domain/requests.ts";
import { EndedItem } from "./request-item.tsx";
import { Waiting } from "./waiting.tsx";

export interface AgentRequestsProps {
  readonly view: AgentView;
  /** The requests of all agents, open or decided. */
  readonly requests: readonly AgentRequest[];
  readonly now: Date;
}

const endedShown = 3;

export function AgentRequests({ view, requests, now }: AgentRequestsProps) {
  const own = requests.filter(({ agent_id }) => agent_id === view.agent_id);
  const open = new Map(own.filter(isOpen).map((request) => [request.request_id, request]));
  const groups = listNeeds([view]).map(asGroup);
  const ended = own
    .filter((request) => !isOpen(request))
    .sort((a, b) => ((a.ended_at ?? "") > (b.ended_at ?? "") ? -1 : 1));
  return (
    <section
      id="agent-requests"
      class="agent-requests"
      aria-labelledby="title-requests"
      hidden={own.length === 0 && groups.length === 0}
    >
      <h2 id="title-requests">{groups.length === 0 ? "Requests" : `Needs you (${groups.length})`}</h2>
      <ol class="requests">
        <Waiting groups={groups} requests={open} viewOf={() => view} now={now} isOwnPage />
      </ol>
      <ol class="commands">
        {ended.slice(0, endedShown).map((request) => (
          <EndedItem request={request} view={view} now={now} />
        ))}
      </ol>
    </section>
  );
}

function asGroup(need: FleetNeed): NeedGroup {
  return { kind: need.kind, needs: [need] };
}
