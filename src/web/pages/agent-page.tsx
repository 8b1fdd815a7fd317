/** @jsxImportSource hono/jsx */
// The page of one agent: its status with the evidence, its requests, its commands with their receipts, its details.

import type { CliAbilities } from "../../domain/abilities.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { isResumable, ownWayBack, resumeLine } from "../../domain/fleet/shown/way-back.ts";
import type { AgentRequest } from "../../domain/requests.ts";
import type { Health, TimelineEntry } from "../../server/server.ts";
import { AgentAxes } from "./parts/agent-axes.tsx";
import { AgentDetails } from "./parts/agent-details.tsx";
import { CommandList } from "./parts/command-list.tsx";
import { Icon } from "./parts/icon.tsx";
import { OrderButtons, OrderForms, orderState } from "./parts/order-forms.tsx";
import { AttentionLine, StatusBadge } from "./parts/status-badge.tsx";
import { TaskText } from "./parts/task-text.tsx";
import { Age } from "./parts/time.tsx";
import { Timeline } from "./parts/timeline.tsx";
import { UsagePanel } from "./parts/usage.tsx";
import { AgentRequests } from "./requests/agent-requests.tsx";

export interface AgentPageProps {
  readonly view: AgentView;
  readonly timeline: readonly TimelineEntry[];
  /** The requests of all agents. */
  readonly requests: readonly AgentRequest[];
  readonly clis: readonly CliAbilities[];
  readonly now: Date;
}

export function AgentPage(props: AgentPageProps & { health: Health }) {
  const { view, timeline, requests, clis, now, health } = props;
  return (
    <>
      <p class="crumb">
        <a href="/">
          <Icon name="back" /> Fleet
        </a>
      </p>
      <h1>{view.agent_id}</h1>
      <AgentHead view={view} now={now} />
      <AgentRequests view={view} requests={requests} now={now} />
      <OrderForms view={view} health={health} />
      <div class="columns">
        <div>
          <CommandList view={view} now={now} />
          <Timeline entries={timeline} />
        </div>
        <div>
          <AgentAxes view={view} now={now} />
          <UsagePanel view={view} now={now} />
          <AgentDetails view={view} clis={clis} now={now} />
        </div>
      </div>
    </>
  );
}

/** The parts of the page that are sent when the agent changes, each with the id of its root element. */
export function agentParts({ view, timeline, requests, clis, now }: AgentPageProps) {
  return [
    { id: "agent-head", part: <AgentHead view={view} now={now} /> },
    { id: "agent-requests", part: <AgentRequests view={view} requests={requests} now={now} /> },
    // Compared by `key`, because its forms have new command ids each time.
    { id: "order-buttons", part: <OrderButtons view={view} />, key: orderState(view) },
    { id: "agent-commands", part: <CommandList view={view} now={now} /> },
    { id: "agent-timeline", part: <Timeline entries={timeline} /> },
    { id: "agent-axes", part: <AgentAxes view={view} now={now} /> },
    { id: "agent-usage", part: <UsagePanel view={view} now={now} /> },
    { id: "agent-details", part: <AgentDetails view={view} clis={clis} now={now} /> },
  ];
}

function AgentHead({ view, now }: { view: AgentView; now: Date }) {
  const { progress, last_words } = view;
  const ownWay = ownWayBack(view);
  return (
    <div id="agent-head" class="agent-head">
      <p class="facts">
        <StatusBadge view={view} />
        <span>
          last heard <Age at={view.last_seen} now={now} />
        </span>
      </p>
      <AttentionLine view={view} />
      {isResumable(view) && (
        <p class="facts resume">
          Go on with it, in a terminal: <code id="resume-line">{resumeLine(view)}</code>
          <button type="button" data-copy="resume-line">
            Copy
          </button>
        </p>
      )}
      {ownWay !== undefined && <p class="facts">cliai did not launch it: {ownWay}</p>}
      <p class="task">
        <TaskText view={view} now={now} />
      </p>
      {progress !== undefined && (
        <p class="progress">
          {progress.percent !== undefined && <b>{progress.percent} %</b>} {progress.note}
        </p>
      )}
      {last_words !== undefined && (
        <section class="last-words" aria-label="What it said last">
          <p class="facts">
            Said <Age at={last_words.at} now={now} />
          </p>
          <blockquote>{last_words.text}</blockquote>
        </section>
      )}
    </div>
  );
}
