// What the terminal, the API and the page show of an agent: its record, and the status that follows from it at a given time.
import type { CommandRecord } from "../receipts.ts";
import { type AgentRecord, inboxOf } from "./agent-record.ts";
import type { Axes } from "./axes.ts";
import type { Need } from "./needs/need.ts";
import { needsOf, withGoneNeed } from "./needs/needs-of.ts";
import { type ShownTask, shownTask } from "./shown/shown-task.ts";
import { tagsOf } from "./shown/tags.ts";
import { deriveAxes, statusWordOf } from "./status.ts";

/** Shown in place of a field that the agent has not sent. */
export const unknownText = "unknown";

/** An agent as the terminal, the API and the page show it. */
export interface AgentView extends AgentRecord {
  readonly config_name: string;
  readonly project_path: string;
  /** The text of `task`; "" if the agent says that it has none, and no order was given. */
  readonly current_task: string;
  readonly task: ShownTask;
  readonly status: string;
  readonly axes: Axes;
  /** What about the agent waits for a person; the first is its badge. */
  readonly needs: readonly Need[];
  readonly queued: number;
  /** Those of its profile, and those that people have given it; sorted. */
  readonly tags: readonly string[];
}

/** @param listeningSince since when the caller can hear heartbeats, RFC 3339 */
export function viewAgent(record: AgentRecord, now: Date, listeningSince?: string): AgentView {
  const axes = deriveAxes(record, now, listeningSince);
  const needs = needsOf(record, axes, now, listeningSince);
  const task = shownTask(record, axes, now);
  return {
    ...record,
    commands: withoutTokens(record.commands),
    config_name: record.config_name ?? unknownText,
    project_path: record.project_path ?? unknownText,
    current_task: task.source === "none" ? (record.current_task ?? unknownText) : task.text,
    task,
    status: statusWordOf(axes),
    axes: withGoneNeed(axes, needs, now),
    needs,
    queued: inboxOf(record).length,
    tags: tagsOf(record),
  };
}

/** Caches the shown list for each list of a record, because a record's list stays the same object until a command changes. */
const shownCommands = new WeakMap<readonly CommandRecord[], readonly CommandRecord[]>();

function withoutTokens(commands: readonly CommandRecord[]): readonly CommandRecord[] {
  let shown = shownCommands.get(commands);
  if (shown === undefined) {
    shown = commands.map(({ token: _token, trace: _trace, ...command }) => command);
    shownCommands.set(commands, shown);
  }
  return shown;
}

/** The views of all agents, ordered by id. */
export function viewFleet(records: Iterable<AgentRecord>, now: Date, listeningSince?: string): AgentView[] {
  return [...records].map((record) => viewAgent(record, now, listeningSince)).sort(byAgentId);
}

/** The order in which agents are listed everywhere. */
export function byAgentId(a: AgentRecord, b: AgentRecord): number {
  return a.agent_id < b.agent_id ? -1 : a.agent_id > b.agent_id ? 1 : 0;
}

/** Whether a host of cliai runs the agent's CLI on a terminal, which can be seen on its page and taken over by `cliai attach`. */
export function isAtHostedTerminal({ heartbeat, axes }: AgentView): boolean {
  return heartbeat?.session_mode === "terminal" && axes.link.value === "online";
}
