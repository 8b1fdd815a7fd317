/** @jsxImportSource hono/jsx */
// The inbox: all that waits for a person, the oldest first, each with what a person can do; and whether the last answers were delivered.

import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { foldNeeds, listNeeds, type NeedGroup } from "../../domain/fleet/needs/fleet-needs.ts";
import { type AgentRequest, isOpen } from "../../domain/requests.ts";
import { EndedItem } from "./requests/request-item.tsx";
import { Waiting } from "./requests/waiting.tsx";

export interface InboxProps {
  /** All requests, open or decided. */
  readonly requests: readonly AgentRequest[];
  readonly views: readonly AgentView[];
  readonly now: Date;
  /** The request that the address names: it is shown, however long ago it was decided. */
  readonly asked?: string | undefined;
}

const endedShown = 10;

/** @param props.rules the number of standing rules */
export function InboxPage({ rules, ...props }: InboxProps & { readonly rules: number }) {
  return (
    <>
      <div class="page-head">
        <h1>Inbox</h1>
        <a class="button" href="/rules">
          Standing rules{rules > 0 && ` (${rules})`}
        </a>
      </div>
      <InboxContent {...props} />
    </>
  );
}

/** The part of the page that changes when requests come or are decided. What a person has typed into a form stays. */
export function InboxContent({ requests, views, now, asked }: InboxProps) {
  const viewById = new Map<string, AgentView>(views.map((view) => [view.agent_id, view]));
  const open = new Map(requests.filter(isOpen).map((request) => [request.request_id, request]));
  const needs = listNeeds(views);
  const isEscalated = ({ needs: [{ request_id = "" }] }: NeedGroup) =>
    open.get(request_id)?.escalated !== undefined;
  // Requests that a captain has handed over come first, because only a person will decide them.
  const groups = foldNeeds(needs).sort((one, other) => Number(isEscalated(other)) - Number(isEscalated(one)));
  const ended = requests
    .filter((request) => !isOpen(request))
    .sort((a, b) => ((a.ended_at ?? "") > (b.ended_at ?? "") ? -1 : 1));
  const shown = ended.filter(({ request_id }, index) => index < endedShown || request_id === asked);
  const isKnown = asked === undefined || requests.some(({ request_id }) => request_id === asked);
  return (
    <div id="inbox" data-count={needs.length}>
      {!isKnown && <NotKept id={asked} />}
      {needs.length === 0 && <NothingWaits views={views} />}
      <ol class="requests">
        <Waiting groups={groups} requests={open} viewOf={(id) => viewById.get(id)} now={now} />
      </ol>
      {ended.length > 0 && (
        <section class="panel" aria-labelledby="title-ended">
          <h2 id="title-ended">Decided</h2>
          <ol class="commands">
            {shown.map((request) => (
              <EndedItem request={request} view={viewById.get(request.agent_id)} now={now} />
            ))}
          </ol>
          {ended.length > shown.length && <p class="quiet">+{ended.length - shown.length} more</p>}
        </section>
      )}
    </div>
  );
}

/** Decided requests are kept for 30 days; the history has what was asked and answered for longer. */
function NotKept({ id }: { id: string }) {
  return (
    <p class="attention">
      The request <code>{id}</code> is not kept any more.{" "}
      <a href={`/timeline?${new URLSearchParams({ text: id })}`}>What the history has of it</a>
    </p>
  );
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
