/** @jsxImportSource hono/jsx */
// What waits for a person: each request whole, with the form that answers it, and what became of the last answers.

import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { type AgentRequest, isOpen } from "../../domain/requests.ts";
import { EndedItem, RequestItem } from "./parts/request-item.tsx";

export interface InboxProps {
  /** The open ones, and those that are over. */
  readonly requests: readonly AgentRequest[];
  readonly views: readonly AgentView[];
  readonly now: Date;
}

const endedShown = 10;

export function InboxPage(props: InboxProps) {
  return (
    <>
      <h1>Inbox</h1>
      <InboxContent {...props} />
    </>
  );
}

/** All that changes when requests come or are decided. What is typed into a form stays there. */
export function InboxContent({ requests, views, now }: InboxProps) {
  const viewById = new Map(views.map((view) => [view.agent_id, view]));
  const open = requests.filter(isOpen).sort(byUrgency);
  const ended = requests
    .filter((request) => !isOpen(request))
    .sort((a, b) => ((a.ended_at ?? "") > (b.ended_at ?? "") ? -1 : 1));
  return (
    <div id="inbox" data-count={open.length}>
      {open.length === 0 && <NothingWaits views={views} />}
      <ol class="requests">
        {open.map((request) => (
          <RequestItem request={request} view={viewById.get(request.agent_id)} now={now} />
        ))}
      </ol>
      {ended.length > 0 && (
        <section class="panel" aria-labelledby="title-ended">
          <h2 id="title-ended">Decided</h2>
          <ol class="commands">
            {ended.slice(0, endedShown).map((request) => (
              <EndedItem request={request} view={viewById.get(request.agent_id)} now={now} />
            ))}
          </ol>
          {ended.length > endedShown && <p class="quiet">+{ended.length - endedShown} more</p>}
        </section>
      )}
    </div>
  );
}

/** What a captain handed over comes first, then the oldest. */
function byUrgency(a: AgentRequest, b: AgentRequest): number {
  const handed = Number(b.escalated !== undefined) - Number(a.escalated !== undefined);
  return handed || (a.asked_at < b.asked_at ? -1 : 1);
}

function NothingWaits({ views }: { views: readonly AgentView[] }) {
  const working = views.filter(({ axes }) => axes.activity.value === "working").length;
  return (
    <section class="empty" aria-labelledby="title-nothing">
      <h2 id="title-nothing">Nothing needs you</h2>
      <p class="quiet">{working === 1 ? "1 agent is working." : `${working} agents are working.`}</p>
    </section>
  );
}
