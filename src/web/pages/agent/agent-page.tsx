/** @jsxImportSource hono/jsx */
// This room is the page of one agent: a file for each tab, and what all tabs have.
//
// The frame of each tab: who the agent is, how it is, what waits for a person, and the links to the other tabs. What is sent when the
// agent changes is in `agentParts`.
import type { Child } from "hono/jsx";
import type { CliAbilities } from "../../../domain/abilities.ts";
import type { AgentBudget } from "../../../domain/budgets/budget-view.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { AgentRequest } from "../../../domain/requests.ts";
import type { Health, TimelineEntry } from "../../../server/server.ts";
import { commentParts } from "../changes/comments.tsx";
import { BudgetLines } from "../costs/budget-lines.tsx";
import { AgentAxes } from "../parts/agent-axes.tsx";
import { AgentDetails } from "../parts/agent-details.tsx";
import { Icon } from "../parts/icon.tsx";
import { OrderButtons, OrderForms, orderState, SendTask } from "../parts/order-forms.tsx";
import { UsagePanel } from "../parts/usage.tsx";
import { AgentRequests } from "../requests/agent-requests.tsx";
import { AgentHead } from "./agent-head.tsx";
import { type AgentTab, AgentTabs } from "./agent-tabs.tsx";
import { CallList, RunningCalls } from "./call-list.tsx";
import { AgentCommands } from "./commands-tab.tsx";
import { AgentMessages } from "./messages-tab.tsx";

export interface AgentPageProps {
  readonly view: AgentView;
  readonly timeline: readonly TimelineEntry[];
  /** The requests of all agents. */
  readonly requests: readonly AgentRequest[];
  /** All agents, for the messages that this one has sent to them. */
  readonly views: readonly AgentView[];
  readonly clis: readonly CliAbilities[];
  readonly now: Date;
}

/** How many commands the first tab shows, so that whoever sends one sees what becomes of it. */
const commandsNow = 3;

type FrameProps = Pick<AgentPageProps, "view" | "requests" | "now"> & {
  readonly tab: AgentTab;
  readonly children: Child;
};

/** What every tab of an agent shows, around the tab's own part. */
export function AgentFrame({ view, requests, now, tab, children }: FrameProps) {
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
      <AgentTabs id={view.agent_id} tab={tab} />
      {children}
    </>
  );
}

type WholePageProps = AgentPageProps & {
  readonly health: Health;
  readonly tab: AgentTab;
  /** Those that count for the agent. */
  readonly budgets: readonly AgentBudget[];
};

/** All tabs but those that have to be read first, such as the transcript. */
export function AgentPage(props: WholePageProps) {
  const { view, requests, now, tab } = props;
  return (
    <AgentFrame {...{ view, requests, now, tab }}>
      <TabBody {...props} />
    </AgentFrame>
  );
}

function TabBody(props: WholePageProps) {
  const { view, timeline, views, clis, now, health, tab } = props;
  switch (tab) {
    case "messages":
      return <AgentMessages view={view} views={views} now={now} />;
    case "commands":
      return (
        <>
          <OrderForms view={view} health={health} />
          <AgentCommands view={view} now={now} />
        </>
      );
    case "cost":
      return (
        <>
          <UsagePanel view={view} now={now} />
          <div class="report">
            <BudgetLines budgets={props.budgets} />
          </div>
        </>
      );
    case "settings":
      return <AgentDetails view={view} clis={clis} now={now} />;
    default:
      return (
        <>
          <OrderForms view={view} health={health} />
          <div class="columns">
            <div>
              <RunningCalls view={view} entries={timeline} now={now} />
              <CallList entries={timeline} />
            </div>
            <div>
              <AgentCommands view={view} now={now} most={commandsNow} />
              <AgentAxes view={view} now={now} />
            </div>
          </div>
        </>
      );
  }
}

/** The parts of a tab that are sent when the agent changes, each with the id of its root element. */
export function agentParts(tab: AgentTab, props: AgentPageProps) {
  const { view, requests, now } = props;
  return [
    { id: "agent-head", part: <AgentHead view={view} now={now} /> },
    { id: "agent-requests", part: <AgentRequests view={view} requests={requests} now={now} /> },
    ...tabParts(tab, props),
  ];
}

function tabParts(tab: AgentTab, { view, timeline, views, clis, now }: AgentPageProps) {
  // Compared by `key`, because its forms have new command ids each time.
  const key = orderState(view);
  const buttons = [
    { id: "send-task", part: <SendTask view={view} />, key },
    { id: "order-buttons", part: <OrderButtons view={view} />, key },
  ];
  switch (tab) {
    case "now":
      return [
        ...buttons,
        { id: "agent-running", part: <RunningCalls view={view} entries={timeline} now={now} /> },
        { id: "agent-calls", part: <CallList entries={timeline} /> },
        { id: "agent-commands", part: <AgentCommands view={view} now={now} most={commandsNow} /> },
        { id: "agent-axes", part: <AgentAxes view={view} now={now} /> },
      ];
    case "messages":
      return [{ id: "agent-messages", part: <AgentMessages view={view} views={views} now={now} /> }];
    case "commands":
      return [...buttons, { id: "agent-commands", part: <AgentCommands view={view} now={now} /> }];
    case "cost":
      return [{ id: "agent-usage", part: <UsagePanel view={view} now={now} /> }];
    case "settings":
      return [{ id: "agent-details", part: <AgentDetails view={view} clis={clis} now={now} /> }];
    case "changes":
      return commentParts(view, now);
    case "transcript":
    case "terminal":
      return [];
  }
}
