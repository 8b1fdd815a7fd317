/** @jsxImportSource hono/jsx */
// The items of a list of what waits for a person: requests with the forms that answer them, and the other needs.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { NeedGroup } from "../../../domain/fleet/needs/fleet-needs.ts";
import type { AgentRequest } from "../../../domain/requests.ts";
import { NeedItem } from "./need-item.tsx";
import { RequestItem } from "./request-item.tsx";

interface WaitingProps {
  readonly groups: readonly NeedGroup[];
  /** The open requests by their ids. */
  readonly requests: ReadonlyMap<string, AgentRequest>;
  readonly viewOf: (id: string) => AgentView | undefined;
  readonly now: Date;
  /** Whether this is on the agent's own page. */
  readonly isOwnPage?: boolean;
}

export function Waiting({ groups, requests, viewOf, now, isOwnPage = false }: WaitingProps) {
  return (
    <>
      {groups.map((group) => {
        const [need] = group.needs;
        const request = requests.get(need.request_id ?? "");
        const parts = { now, isOwnPage };
        if (request === undefined) return <NeedItem group={group} viewOf={viewOf} {...parts} />;
        return <RequestItem request={request} view={viewOf(need.agent_id)} blocks={need.blocks} {...parts} />;
      })}
    </>
  );
}
