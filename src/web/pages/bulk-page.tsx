/** @jsxImportSource hono/jsx */
// One command to many agents. The first page lists the exact targets, each of which can be left out, and the agents that the command
// does not concern. The second page shows the receipts of each target.

import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { canBeLetGo } from "../../domain/fleet/shown/let-go.ts";
import type { Health } from "../../server/server.ts";
import type { BulkTarget, SentBulk } from "../api/bulk-orders.ts";
import { Receipts } from "./parts/command-list.tsx";
import { Icon, type IconName } from "./parts/icon.tsx";
import { StatusBadge } from "./parts/status-badge.tsx";
import { TaskText } from "./parts/task-text.tsx";
import { Age } from "./parts/time.tsx";
import { PostForm, SubmitButton } from "./viewer/act.tsx";

export const bulkTypes = ["pause", "resume", "stop"] as const;
export type BulkType = (typeof bulkTypes)[number];

const words: Readonly<Record<BulkType, { title: string; act: string; icon: IconName; what: string }>> = {
  pause: {
    title: "Pause all",
    act: "Pause",
    icon: "pause",
    what: "Each agent stops before its next tool call, until it is resumed.",
  },
  resume: {
    title: "Resume all",
    act: "Resume",
    icon: "play",
    what: "Each agent goes on with the tool call before which it was held.",
  },
  stop: {
    title: "Stop all",
    act: "Stop",
    icon: "stop",
    what: "No further tool call starts. Each agent is told to finish and report; then its session ends.",
  },
};

/** Why the command does not concern an agent; undefined if it does. */
export function leftOutBecause(view: AgentView, type: BulkType): string | undefined {
  const { link, control } = view.axes;
  if (control.value === "stopped") return "has stopped";
  if (link.value !== "online") return `is ${link.value}`;
  if (type === "pause" && control.value === "paused") return "is paused";
  if (type === "pause" && control.value === "pause_requested") return "is being paused";
  if (type === "resume" && !canBeLetGo(view)) return "is not paused";
  if (type !== "stop" && control.value === "stop_requested") return "is being stopped";
  return undefined;
}

interface BulkPageProps {
  readonly type: BulkType;
  /** The agents that the order may go to: all, or those that were chosen on the fleet page. */
  readonly views: readonly AgentView[];
  /** How `views` were chosen, for a person; undefined if they are the whole fleet. */
  readonly chosenBy: string | undefined;
  /** The orders to several agents that were sent before, newest first. */
  readonly earlier: readonly SentBulk[];
  readonly now: Date;
  readonly health: Health;
}

export function BulkPage({ type, views, chosenBy, earlier, now, health }: BulkPageProps) {
  const { title, icon, what, act } = words[type];
  const targets = views.filter((view) => leftOutBecause(view, type) === undefined);
  return (
    <>
      <Crumb />
      <h1>{chosenBy === undefined ? title : `${act} ${agentsText(targets.length)}`}</h1>
      <p class="lead">{what}</p>
      {chosenBy !== undefined && (
        <p class="quiet">
          Chosen by {chosenBy}.{" "}
          <a class="other" href={`/bulk/${type}`}>
            All agents instead
          </a>
        </p>
      )}
      {targets.length === 0 ? (
        <p class="quiet">There is no agent to {type} now.</p>
      ) : (
        <PostForm action="/bulk" class="sheet" id="targets" data-once="Sending …">
          <input type="hidden" name="type" value={type} />
          <input type="hidden" name="command_id" value={crypto.randomUUID()} />
          <fieldset>
            <legend>
              {targets.length === 1 ? "This agent" : `These ${targets.length} agents`}; uncheck those to leave
              out
            </legend>
            {targets.length > 1 && <TargetTools />}
            <ul class="targets">
              {targets.map((view) => (
                <Target view={view} now={now} />
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
          </fieldset>
          <LeftOut views={views} type={type} />
          {!health.ready && <p class="attention">{health.reason}</p>}
          <div class="sheet-end sticky-end">
            <SubmitButton class={type === "stop" ? "stop" : "primary"} data-label={act}>
              <Icon name={icon} />
              <span>{act} the checked agents</span>
            </SubmitButton>
            <a href="/">Cancel</a>
          </div>
        </PostForm>
      )}
      {targets.length === 0 && <LeftOut views={views} type={type} />}
      <Earlier orders={earlier} now={now} />
    </>
  );
}

function Earlier({ orders, now }: { orders: readonly SentBulk[]; now: Date }) {
  if (orders.length === 0) return null;
  return (
    <section class="earlier" aria-labelledby="title-earlier">
      <h2 id="title-earlier">Sent before</h2>
      <ul>
        {orders.map(({ key, type, at, agents }) => (
          <li>
            <a href={`/bulk/results/${key}`}>
              {type} to {agentsText(agents)}
            </a>{" "}
            <Age at={at} now={now} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function agentsText(count: number): string {
  return `${count} ${count === 1 ? "agent" : "agents"}`;
}

/** Checks many boxes at once. It works in the browser alone, so it is not there without scripts. */
function TargetTools() {
  return (
    <div class="target-tools">
      <input type="search" data-narrow placeholder="Narrow the list" aria-label="Narrow the list" />
      <button type="button" data-check="all">
        Check all
      </button>
      <button type="button" data-check="none">
        Check none
      </button>
    </div>
  );
}

function Target({ view, now }: { view: AgentView; now: Date }) {
  return (
    <li>
      <label class="choice">
        <input type="checkbox" name="agents" value={view.agent_id} checked />
        <b title={view.agent_id}>{view.agent_id}</b>
        <StatusBadge view={view} />
        <span class="what" title={view.current_task}>
          <TaskText view={view} now={now} />
        </span>
      </label>
    </li>
  );
}

/** At most so many are named of those that the order does not concern. */
const leftOutNamed = 20;

function LeftOut({ views, type }: Pick<BulkPageProps, "views" | "type">) {
  const others = views.flatMap((view) => {
    const why = leftOutBecause(view, type);
    return why === undefined ? [] : [`${view.agent_id} ${why}`];
  });
  if (others.length === 0) return null;
  const more = others.length - leftOutNamed;
  return (
    <p class="left-out quiet">
      Left out: {others.slice(0, leftOutNamed).join(", ")}
      {more > 0 && `, +${more} more`}.
    </p>
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
  const [order] = results.flatMap(({ command }) => command ?? []);
  const { type, summary = "" } = order ?? {};
  return (
    <div id="bulk-results">
      <p class="lead">
        {results.length === 0
          ? "No agent has this command any more."
          : `${type ?? "The command"}: applied by ${done.length} of ${results.length}`}
      </p>
      {summary !== "" && <p class="quiet">Reason, told to each: {summary}</p>}
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
