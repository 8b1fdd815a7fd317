// The list of agents of `cliai top`: a heading, and a row for each agent. Pure.
import { type AgentView, unknownText } from "../../domain/fleet/agent-view.ts";
import { lastSignOf } from "../../domain/fleet/shown/last-action.ts";
import { shownCli } from "../../domain/fleet/shown/shown-cli.ts";
import { modelCell } from "../../domain/fleet/shown/shown-model-request.ts";
import { spanText } from "../../domain/text/moment.ts";
import { costText } from "../../domain/usage.ts";
import { statusMark } from "../fleet/status-mark.ts";
import { type Colour, cut, pad, paint, plain, widthOf } from "../frame/terminal.ts";

interface Column {
  readonly title: string;
  /** The least width of the screen that has room for it. */
  readonly from: number;
  /** It is cut to this width. */
  readonly most: number;
  readonly text: (agent: AgentView, nowMs: number) => string;
  readonly colour?: (agent: AgentView) => Colour | undefined;
  /** Left out if it is empty for all agents. */
  readonly isOptional?: true;
}

const columnsBeforeTask: readonly Column[] = [
  { title: "agent", from: 0, most: 24, text: ({ agent_id }) => agent_id },
  {
    ...{ title: "status", from: 0, most: 34 },
    text: (agent) => statusMark(agent).text,
    colour: (agent) => statusMark(agent).colour,
  },
  {
    ...{ title: "model server", from: 60, most: 30, isOptional: true },
    text: (agent, nowMs) => modelCell(agent, new Date(nowMs)),
  },
  {
    ...{ title: "queue", from: 60, most: 5, isOptional: true },
    text: ({ queued }) => (queued === 0 ? "" : String(queued)),
  },
  { title: "last", from: 72, most: 6, text: (agent, nowMs) => ageText(lastSignOf(agent), nowMs) },
  { title: "cli", from: 100, most: 12, text: (agent) => shownCli(agent)?.name ?? unknownText },
  { title: "profile", from: 120, most: 16, text: ({ config_name }) => config_name },
  {
    ...{ title: "cost", from: 120, most: 12, isOptional: true },
    text: ({ usage }) => (usage?.estimated_cost === undefined ? "" : costText(usage.estimated_cost)),
  },
];

/** In columns; behind it is the task. */
const leastTask = 8;
const gap = "  ";

export interface ListLook {
  readonly columns: number;
  readonly nowMs: number;
  readonly color: boolean;
  readonly isSelected: (agent: AgentView) => boolean;
  readonly isMarked: (agent: AgentView) => boolean;
}

/**
 * @param all all agents of the list, whose widths count, so that the columns stay in place while it is scrolled
 * @param shown those on the screen
 */
export function listRows(all: readonly AgentView[], shown: readonly AgentView[], look: ListLook): string[] {
  const { columns, nowMs, color } = look;
  const used = widthsOf(all, look);
  const before = used.reduce((sum, { width }) => sum + width + gap.length, markWidth);
  const room = Math.max(0, columns - before);
  const taskRoom = room >= leastTask ? room : 0;
  const line = (mark: string, cells: readonly string[]) =>
    cut([mark, cells.join(gap)].join("").trimEnd(), columns);
  const heading = line(" ".repeat(markWidth), [
    ...used.map(({ column, width }) => pad(cut(column.title, width), width)),
    ...(taskRoom > 0 ? ["task"] : []),
  ]);
  const rows = shown.map((agent) => {
    const isSelected = look.isSelected(agent);
    const mark = `${isSelected ? ">" : " "}${look.isMarked(agent) ? "*" : " "}`;
    const cells = used.map(({ column, width }) => {
      const text = pad(cut(plain(column.text(agent, nowMs)), width), width);
      return { text, colour: column.colour?.(agent) };
    });
    const task = taskRoom === 0 ? [] : [{ text: cut(taskText(agent), taskRoom), colour: taskColour(agent) }];
    const all = [...cells, ...task];
    const plainLine = line(
      mark,
      all.map(({ text }) => text),
    );
    if (isSelected) return paint(pad(plainLine, columns), "inverse", color);
    if (widthOf(plainLine) < before - gap.length && taskRoom === 0) return plainLine;
    return mark + all.map(({ text, colour }) => paint(text, colour, color)).join(gap);
  });
  return [paint(heading, "dim", color), ...rows];
}

const markWidth = 2;

/** The columns that have room, each with the width of its widest cell. The first two share what is there if even they have no room. */
function widthsOf(
  all: readonly AgentView[],
  { columns, nowMs }: ListLook,
): { readonly column: Column; readonly width: number }[] {
  const found = columnsBeforeTask
    .filter(({ from }) => columns >= from)
    .map((column) => {
      const cells = all.map((agent) => widthOf(plain(column.text(agent, nowMs))));
      const widest = Math.max(0, ...cells);
      const isEmpty = column.isOptional === true && widest === 0;
      return { column, width: isEmpty ? 0 : Math.min(column.most, Math.max(widest, widthOf(column.title))) };
    })
    .filter(({ width }) => width > 0);
  // A third of a narrow screen is enough for an id, and half of it for a status.
  const shares = [Math.floor(columns / 3), Math.floor(columns / 2)];
  return found.map(({ column, width }, place) => ({
    column,
    width: place < shares.length ? Math.max(1, Math.min(width, shares[place] ?? width)) : width,
  }));
}

function taskText({ task }: AgentView): string {
  if (task.text === "") return "no task yet";
  return plain(task.text);
}

function taskColour({ task }: AgentView): Colour | undefined {
  return task.text === "" || task.is_stale ? "dim" : undefined;
}

function ageText(at: string | undefined, nowMs: number): string {
  return at === undefined ? "never" : spanText((nowMs - Date.parse(at)) / 1000);
}
