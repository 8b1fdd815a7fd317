/** @jsxImportSource hono/jsx */
// One command to many agents. The first page lists the exact targets, each of which can be left out, and the agents that the command
// does not concern. The second page shows the receipts of each target.

import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { Health } from "../../server/server.ts";
import type { BulkTarget } from "../api/bulk-orders.ts";
import { Receipts } from "./parts/command-list.tsx";
import { Icon, type IconName } from "./parts/icon.tsx";
import { StatusBadge } from "./parts/status-badge.tsx";
import { TaskText } from "./parts/task-text.tsx";

export const bulkTypes = ["pause", "resume", "stop"] as const;
export type BulkType = (typeof bulkTypes)[number];

const words: Readonly<Record<BulkType, { title: string; icon: IconName; what: string }>> = {
  pause: {
    title: "Pause all",
    icon: "pause",
    what: "Each agent stops before its next tool call, until it is resumed.",
  },
  resume: {
    title: "Resume all",
    icon: "play",
    what: "Each agent goes on with the tool call before which it was held.",
  },
  stop: {
    title: "Stop all",
    icon: "stop",
    what: "No further tool call starts. Each agent is told to finish and report; then its session ends.",
  },
};

/** Why the command does not concern an agent; undefined if it does. */
export function leftOutBecause({ axes: { link, control } }: AgentView, type: BulkType): string | undefined {
  if (control.value === "stopped") return "has stopped";
  if (link.value !== "online") return `is ${link.value}`;
  const isPaused = control.value === "paused" || control.value === "pause_requested";
  if (type === "pause" && isPaused) return control.value === "paused" ? "is paused" : "is being paused";
  if (type === "resume" && !isPaused) return "is not paused";
  if (type !== "stop" && control.value === "stop_requested") return "is being stopped";
  return undefined;
}

interface BulkPageProps {
  readonly type: BulkType;
  readonly views: readonly AgentView[];
  readonly now: Date;
  readonly health: Health;
}

export function BulkPage({ type, views, now, health }: BulkPageProps) {
  const { title, icon, what } = words[type];
  const targets = views.filter((view) => leftOutBecause(view, type) === undefined);
  const others = views.filter((view) => leftOutBecause(view, type) !== undefined);
  return (
    <>
      <Crumb />
      <h1>{title}</h1>
      <p class="lead">{what}</p>
      {targets.length === 0 ? (
        <p class="quiet">There is no agent to {type} now.</p>
      ) : (
        <form method="post" action="/bulk" class="sheet" data-once="Sending …">
          <input type="hidden" name="type" value={type} />
          <input type="hidden" name="command_id" value={crypto.randomUUID()} />
          <fieldset>
            <legend>
              {targets.length === 1 ? "This agent" : `These ${targets.length} agents`}; uncheck those to leave
              out
            </legend>
            <ul class="targets">
              {targets.map((view) => (
                <li>
                  <label class="choice">
                    <input type="checkbox" name="agents" value={view.agent_id} checked />
                    <b>{view.agent_id}</b>
                    <StatusBadge view={view} />
                    <span class="what">
                      <TaskText view={view} now={now} />
                    </span>
                  </label>
                </li>
              ))}
            </ul>
            <label for="bulk-reason">Reason, told to each</label>
            <input id="bulk-reason" name="reason" maxlength={1000} autocomplete="off" />
            {type === "stop" && (
              <label class="choice">
                <input type="checkbox" name="force" value="true" />
                <b>Now, by force</b>
                <span class="what">cuts off the tools that run, and leaves no time to report</span>
              </label>
            )}
            <div class="sheet-end">
              <button type="submit" class={type === "stop" ? "stop" : "primary"}>
                <Icon name={icon} />
                {title.replace(" all", "")} the checked agents
              </button>
              <a href="/">Cancel</a>
            </div>
          </fieldset>
          {!health.ready && <p class="attention">{health.reason}</p>}
        </form>
      )}
      {others.length > 0 && (
        <p class="left-out quiet">
          Left out: {others.map((view) => `${view.agent_id} ${leftOutBecause(view, type)}`).join(", ")}.
        </p>
      )}
    </>
  );
}

export interface BulkResultsProps {
  readonly results: readonly BulkTarget[];
}

export function BulkResultsPage({ results }: BulkResultsProps) {
  return (
    <>
      <Crumb />
      <h1>Results</h1>
      <BulkResults results={results} />
    </>
  );
}

/** The part of the page that changes when receipts come. */
export function BulkResults({ results }: BulkResultsProps) {
  const done = results.filter(({ command }) => command?.receipts.some(({ state }) => state === "applied"));
  const [type] = results.flatMap(({ command }) => command?.type ?? []);
  return (
    <div id="bulk-results">
      <p class="lead">
        {results.length === 0
          ? "No agent has this command any more."
          : `${type ?? "The command"}: applied by ${done.length} of ${results.length}`}
      </p>
      <ul class="results">
        {results.map(({ agent_id, view, command }) => (
          <li>
            <a href={`/agents/${agent_id}`}>{agent_id}</a>
            {view === undefined ? <span class="quiet">gone</span> : <StatusBadge view={view} />}
            {command === undefined ? (
              <p class="attention">not sent: send it again</p>
            ) : (
              <Receipts type={command.type} receipts={command.receipts} />
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Crumb() {
  return (
    <p class="crumb">
      <a href="/">
        <Icon name="back" /> Fleet
      </a>
    </p>
  );
}
