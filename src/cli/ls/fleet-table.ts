// The table of agents, one line an agent.
import { type AgentView, unknownText } from "../../domain/fleet/agent-view.ts";
import { lastSignOf } from "../../domain/fleet/shown/last-action.ts";
import { shownCli } from "../../domain/fleet/shown/shown-cli.ts";
import { shownModelRequest } from "../../domain/fleet/shown/shown-model-request.ts";
import { spanText } from "../../domain/text/moment.ts";
import { statusMark } from "../fleet/status-mark.ts";
import type { CliContext } from "../frame/context.ts";
import { alignRows, cut, paint, plain, widthOf } from "../frame/terminal.ts";

const heading = ["agent", "status", "last", "queue", "cli", "profile", "task"];
const taskColumn = heading.indexOf("task");

/** Cuts the task to the width of the terminal. A pipe gets the whole task. */
export function fleetTable(
  agents: readonly AgentView[],
  now: Date,
  { isTerminal, columns, color }: Pick<CliContext, "isTerminal" | "columns" | "color">,
): string[] {
  const rows = agents.map((agent) => [
    agent.agent_id,
    statusMark(agent).text,
    sinceText(lastSignOf(agent), now),
    agent.queued === 0 ? "" : String(agent.queued),
    plain(shownCli(agent)?.name ?? unknownText),
    plain(agent.config_name),
    taskOf(agent).join(""),
  ]);
  const [head = [], ...body] = alignRows([heading, ...rows], isTerminal ? columns : undefined);
  return [
    paint(head.join("  "), "dim", color),
    ...body.map((cells, row) => {
      const agent = agents[row];
      const colour = agent && statusMark(agent).colour;
      return cells
        .map((cell, column) => {
          if (column === 1) return paint(cell, colour, color);
          if (column !== taskColumn || agent === undefined) return cell;
          return paint(keepEnd(cell, agent), isDim(agent) ? "dim" : undefined, color);
        })
        .join("  ")
        .trimEnd();
    }),
  ];
}

function sinceText(at: string | undefined, now: Date): string {
  return at === undefined ? "never" : spanText((now.getTime() - Date.parse(at)) / 1000);
}

/** The task; and `more`: the agent's place in the queue before its model server, or the age of a task that may be over. */
function taskOf(agent: AgentView): readonly [task: string, more: string] {
  const { text, age_s, is_stale } = agent.task;
  const place = shownModelRequest(agent)?.place;
  const waits = place ? ` (${place} for its model)` : "";
  if (text === "") return ["no task yet", waits];
  return [plain(text), waits || (is_stale && age_s !== undefined ? ` (${spanText(age_s)} ago)` : "")];
}

const leastTaskWidth = 8;

/** If the cell is too narrow, cuts the task and keeps `more`, so that a task that may be over does not look like the present one. */
function keepEnd(cell: string, agent: AgentView): string {
  const [task, more] = taskOf(agent);
  const room = widthOf(cell) - widthOf(more);
  return cell === task + more || room < leastTaskWidth ? cell : cut(task, room) + more;
}

function isDim({ task }: AgentView): boolean {
  return task.is_stale || task.text === "";
}
