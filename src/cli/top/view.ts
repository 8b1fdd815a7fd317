// The screen of `cliai top`, row by row. Pure: the same state gives the same rows, none wider than the screen.
import { countSections, countsText, sectionTitles } from "../../domain/fleet/shown/sections.ts";
import { isApproval } from "../../domain/requests.ts";
import { sumOfToday, todayText } from "../../domain/spending/spent-today.ts";
import { statusMark } from "../fleet/status-mark.ts";
import { cut, paint, plain, widthOf, wrap } from "../frame/terminal.ts";
import { agentPageText, previewText } from "./agent-lines.ts";
import { helpLines } from "./help-lines.ts";
import { layoutOf } from "./layout.ts";
import { listRows } from "./list-rows.ts";
import { promptText } from "./prompt-text.ts";
import { listOf, requestOf, selectedView, type TopState } from "./state.ts";

/** How long a notice stays. */
const noticeMs = 20_000;

export function viewRows(state: TopState, color: boolean): string[] {
  const { rows, columns } = state.size;
  const { body, foot } = layoutOf(state);
  const middle = state.page.kind === "list" ? listPage(state, color) : bodyPage(state, body, color);
  const upper = [headRow(state, color), ...middle].slice(0, Math.max(0, rows - foot));
  const filled = [...upper, ...Array.from({ length: Math.max(0, rows - foot - upper.length) }, () => "")];
  return [...filled, ...footRows(state, color).slice(0, foot)].map((row) => (columns > 0 ? row : ""));
}

/** The counts and the cost; what limits the list, or what is wrong. */
function headRow(state: TopState, color: boolean): string {
  const { views, size, lost, section, filter, spentToday } = state;
  const spent = spentToday === undefined ? undefined : todayText(sumOfToday(spentToday));
  const cost = spent === undefined ? "" : ` · ${spent}`;
  const counts = cut(`${countsText(countSections(views))}${cost}`, size.columns);
  const limits = [
    ...(section === undefined ? [] : [sectionTitles[section].toLowerCase()]),
    ...(filter === "" ? [] : [`/${plain(filter)}`]),
  ];
  const isLimited = limits.length > 0 || state.prompt?.kind === "filter";
  const shown = isLimited ? `${limits.join(" ")} ${listOf(state).length} of ${views.length}`.trim() : "";
  const right = lost === undefined ? shown : plain(lost);
  const room = size.columns - widthOf(counts) - 2;
  const more = room < 4 ? "" : cut(right, room);
  const between = " ".repeat(Math.max(0, size.columns - widthOf(counts) - widthOf(more)));
  if (more === "") return paint(counts, "bold", color);
  return paint(counts, "bold", color) + between + paint(more, lost === undefined ? "cyan" : "red", color);
}

function listPage(state: TopState, color: boolean): string[] {
  const { list, preview } = layoutOf(state);
  const { size, offset, selected, marked, nowMs, views } = state;
  const all = listOf(state);
  const rows =
    all.length === 0
      ? ["", emptyText(state)].map((line) => cut(line, size.columns))
      : listRows(all, all.slice(offset, offset + list), {
          ...{ columns: size.columns, nowMs, color },
          isSelected: ({ agent_id }) => agent_id === selected,
          isMarked: ({ agent_id }) => marked.has(agent_id),
        });
  const table = [...rows, ...Array.from({ length: Math.max(0, list + 1 - rows.length) }, () => "")];
  if (preview === 0) return table.slice(0, list + 1);
  const { lines, asked } = previewText(state, color);
  const isCut = lines.length > preview;
  const shown = isCut ? [...lines.slice(0, preview - 1), cutRow(state, asked > preview - 1, color)] : lines;
  return [...table.slice(0, list + 1), titleRow(state, color), ...(views.length === 0 ? [] : shown)];
}

function cutRow({ size: { columns } }: TopState, isAskedCut: boolean, color: boolean): string {
  const text = isAskedCut ? "… Enter shows all of it; it can be answered there" : "… Enter shows all of it";
  return paint(cut(text, columns), isAskedCut ? "yellow" : "dim", color);
}

function emptyText({ views, section, filter }: TopState): string {
  if (views.length === 0) return "no agent yet; launch one: cliai spawn demo";
  if (section !== undefined || filter !== "") return "no agent matches; Esc shows all";
  return "no agent matches";
}

/** `── ada ● working ──── 3 of 12 ──`. */
function titleRow(state: TopState, color: boolean): string {
  const { columns } = state.size;
  const view = selectedView(state);
  if (view === undefined) return paint("─".repeat(columns), "dim", color);
  const { text, colour } = statusMark(view);
  const all = listOf(state);
  const place = all.findIndex(({ agent_id }) => agent_id === view.agent_id) + 1;
  const end = all.length === 0 ? "" : ` ${place} of ${all.length} ──`;
  const name = cut(`── ${view.agent_id} `, columns);
  const status = cut(`${text} `, Math.max(0, columns - widthOf(name) - widthOf(end)));
  const line = "─".repeat(Math.max(0, columns - widthOf(name) - widthOf(status) - widthOf(end)));
  if (columns < widthOf(name) + 4) return paint(name, "dim", color);
  return paint(name, "bold", color) + paint(status, colour, color) + paint(line + end, "dim", color);
}

function bodyPage(state: TopState, body: number, color: boolean): string[] {
  const { page, size } = state;
  const isHelp = page.kind === "help";
  const lines = isHelp ? helpLines(size.columns) : agentPageText(state, color).lines;
  const scroll = page.kind === "list" ? 0 : page.scroll;
  return lines.slice(scroll, scroll + body);
}

function footRows(state: TopState, color: boolean): string[] {
  const { prompt, notice, nowMs, size } = state;
  const { columns } = size;
  const { foot } = layoutOf(state);
  if (prompt !== undefined) {
    const lines = wrap(plain(promptText(prompt)), columns);
    // The end is where the person types.
    return lines
      .slice(-foot)
      .map((line) => paint(line, prompt.kind === "confirm" ? "yellow" : "bold", color));
  }
  if (notice !== undefined && nowMs - notice.atMs < noticeMs)
    return [paint(cut(plain(notice.text), columns), notice.colour, color)];
  return [paint(keysRow(state), "dim", color)];
}

/** As many keys as the row has room for, the most needed first. */
function keysRow(state: TopState): string {
  const request = requestOf(state);
  const answers = request === undefined ? [] : [isApproval(request) ? "y/n answer" : "1-9, r answer"];
  const isList = state.page.kind === "list";
  const all = [
    ...(state.marked.size > 0 ? [`${state.marked.size} marked`] : []),
    ...answers,
    ...(isList ? ["? help", "q quit", "Enter open"] : ["Esc back", "j/k scroll"]),
    ...(state.page.kind === "help" ? [] : ["t task", "p pause", "s stop"]),
    ...(isList ? ["/ find", "f state", "Space mark"] : ["? help", "q quit"]),
  ];
  let row = "";
  for (const key of all) {
    const longer = row === "" ? key : `${row}  ${key}`;
    if (widthOf(longer) > state.size.columns) break;
    row = longer;
  }
  return row;
}
