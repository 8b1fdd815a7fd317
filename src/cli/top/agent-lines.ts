// What `cliai top` shows of one agent: below the list, and on the whole screen. Pure.
//
// All words of agents pass `plain`, which replaces what a terminal would obey.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { listNeeds } from "../../domain/fleet/needs/fleet-needs.ts";
import { needText } from "../../domain/fleet/needs/need.ts";
import { shownModelRequest } from "../../domain/fleet/shown/shown-model-request.ts";
import { isResumable, ownWayBack, resumeLine } from "../../domain/fleet/shown/way-back.ts";
import { type AgentRequest, isApproval } from "../../domain/requests.ts";
import { spanText } from "../../domain/text/moment.ts";
import { agentLines } from "../fleet/show.ts";
import { clockText, cut, pad, paint, plain, untilClock, wrap } from "../frame/terminal.ts";
import { answerForm, askedLines } from "../inbox/inbox.ts";
import { blockedText } from "../inbox/need-lines.ts";
import type { LogEntry } from "../log/log-entries.ts";
import { layoutOf } from "./layout.ts";
import { requestIdOf, requestOf, selectedView, type TopState } from "./state.ts";

export interface AgentText {
  readonly lines: readonly string[];
  /** How many of the first lines are the request that waits for an answer; 0 without one. */
  readonly asked: number;
}

/** The rows below the list. */
export function previewText(state: TopState, color: boolean): AgentText {
  const view = selectedView(state);
  const { preview } = layoutOf(state);
  if (view === undefined || preview === 0) return { lines: [], asked: 0 };
  const asked = requestLines(state, color);
  const facts =
    asked.length === 0
      ? factLines(view, state, color)
      : [...asked, ...factLines(view, state, color).slice(1)];
  const room = preview - facts.length;
  const events = room > 0 ? historyLines(view, state, color).slice(-room) : [];
  return { lines: [...facts, ...events], asked: asked.length };
}

/** All lines about the selected agent. */
export function agentPageText(state: TopState, color: boolean): AgentText {
  const view = selectedView(state);
  if (view === undefined) return { lines: ["this agent is gone; Esc leads back to the list"], asked: 0 };
  const { columns } = state.size;
  const asked = requestLines(state, color);
  const now = new Date(state.nowMs);
  // Painted only after it was broken into lines.
  const facts = agentLines(view, now, false).flatMap((line) => wrap(line, columns));
  const events = historyLines(view, state, color);
  return {
    lines: [
      ...asked,
      ...(asked.length === 0 ? [] : [""]),
      ...facts.map((line, row) => paint(line, row === 0 ? "bold" : undefined, color)),
      ...(events.length === 0
        ? []
        : ["", paint("  what it was told, did and said", "dim", color), ...events]),
    ],
    asked: asked.length,
  };
}

/** The request of the selected agent, in full; nothing without one. */
function requestLines(state: TopState, color: boolean): string[] {
  const id = requestIdOf(state);
  if (id === undefined) return [];
  const request = requestOf(state);
  const { columns } = state.size;
  if (request === undefined) return [paint(`reading request ${id} …`, "dim", color)];
  const now = () => new Date(state.nowMs);
  const lines = askedLines(request, { color: false, now }).flatMap((line) => wrap(line, columns));
  return [
    ...lines.map((line, row) => paint(line, row === 0 ? "yellow" : undefined, color)),
    ...wrap(`  ${keysFor(request)}`, columns).map((line) => paint(line, "dim", color)),
  ];
}

function keysFor(request: AgentRequest): string {
  const { choices = [], questions } = request;
  if (isApproval(request)) return "y approves, n refuses, r refuses with a reason";
  if (questions !== undefined && questions.length > 1) return answerForm(request);
  const count = questions?.[0]?.choices.length ?? choices.length;
  return count === 0 ? "r answers" : "a number answers, or r in words";
}

function factLines(view: AgentView, state: TopState, color: boolean): string[] {
  const { nowMs } = state;
  const { columns } = state.size;
  const rows: (readonly [name: string, text: string])[] = [
    ["why", whyText(view, nowMs)],
    ...toolRows(view, state),
    ...modelRows(view, nowMs),
    ...(view.task.text === "" ? [] : [["task", taskText(view)] as const]),
    ...(view.progress === undefined ? [] : [["progress", progressText(view)] as const]),
    ...(view.queued === 0 ? [] : [["queue", `${view.queued} waiting`] as const]),
    ...blockedRows(view, state),
    ...goOnRows(view),
  ];
  return rows.flatMap(([name, text]) => factRow(name, text, columns, color));
}

const nameWidth = "progress".length + 2;
const mostLinesOfAFact = 2;

function factRow(name: string, text: string, columns: number, color: boolean): string[] {
  const room = Math.max(8, columns - nameWidth);
  const lines = wrap(plain(text), room);
  const kept = lines.slice(0, mostLinesOfAFact);
  const last = kept.length - 1;
  if (lines.length > kept.length) kept[last] = `${(kept[last] ?? "").slice(0, -1)}…`;
  return kept.map((line, row) => paint(pad(row === 0 ? name : "", nameWidth), "dim", color) + line);
}

function whyText({ axes: { activity, link, control }, needs }: AgentView, nowMs: number): string {
  if (needs.length > 0) {
    const texts = needs.map(
      (need) =>
        `${needText(need)}${need.hint === undefined ? "" : `; ${need.hint}`}${sinceText(need.since, nowMs)}`,
    );
    return texts.join("; ");
  }
  if (link.value !== "online") return `${link.reason}${sinceText(link.at, nowMs)}`;
  if (control.value !== "running") {
    const { reason, until, at } = control;
    const end = until === undefined ? "" : `, until ${untilClock(until, new Date(nowMs))}`;
    return `${reason}${end}${sinceText(at, nowMs)}`;
  }
  return `${activity.reason}${sinceText(activity.at, nowMs)}`;
}

/** The calls that run now. What each was called with is known from the history alone. */
function toolRows({ agent_id, session }: AgentView, state: TopState): (readonly [string, string])[] {
  const { nowMs, history } = state;
  const calls =
    history?.agent === agent_id ? (history.entries ?? []).filter(({ kind }) => kind === "calls") : [];
  const texts = (session?.tools ?? []).map(({ tool, since }) => {
    const call = calls.findLast(({ what, at }) => what === tool && isAtOnce(at, since));
    return `${tool}${call === undefined || call.text === "" ? "" : `: ${call.text}`}${sinceText(since, nowMs)}`;
  });
  return texts.length === 0 ? [] : [["runs", texts.join("; ")]];
}

/** Both times are of the same record of AUDIT, but the session's may be the event's own. */
function isAtOnce(one: string, other: string): boolean {
  return Math.abs(Date.parse(one) - Date.parse(other)) < 1_000;
}

function modelRows(view: AgentView, nowMs: number): (readonly [string, string])[] {
  const shown = shownModelRequest(view);
  if (shown === undefined) return [];
  const { words, since, figures } = shown;
  return [["model", `${words}${sinceText(since, nowMs)}${figures === "" ? "" : ` (last: ${figures})`}`]];
}

/** Who waits for an agent that needs a person. */
function blockedRows({ agent_id }: AgentView, { views }: TopState): (readonly [string, string])[] {
  const need = listNeeds(views).find((each) => each.agent_id === agent_id);
  const text = need === undefined ? "" : blockedText({ ...need.blocks, orders: 0 }, false);
  return text === "" ? [] : [["blocks", text]];
}

function taskText({ task: { text, age_s, is_stale } }: AgentView): string {
  return is_stale && age_s !== undefined ? `${text} (${spanText(age_s)} ago, may be over)` : text;
}

function progressText({ progress }: AgentView): string {
  return progress === undefined
    ? ""
    : `${progress.percent === undefined ? "" : `${progress.percent} % · `}${progress.note}`;
}

function goOnRows(view: AgentView): (readonly [string, string])[] {
  const way = isResumable(view) ? resumeLine(view) : ownWayBack(view);
  return way === undefined ? [] : [["go on", way]];
}

function sinceText(at: string | undefined, nowMs: number): string {
  return at === undefined ? "" : `, for ${spanText((nowMs - Date.parse(at)) / 1000)}`;
}

function historyLines({ agent_id }: AgentView, { history, size }: TopState, color: boolean): string[] {
  if (history?.agent !== agent_id) return [];
  if (history.failure !== undefined) return [paint(plain(`no history: ${history.failure}`), "dim", color)];
  return (history.entries ?? []).map((entry) => entryLine(entry, size.columns, color));
}

const kindWidth = "answered".length;

function entryLine({ at, kind, what, from, text }: LogEntry, columns: number, color: boolean): string {
  const by = from === undefined ? "" : ` by ${from}`;
  const head = what === undefined ? "" : `${what}${by}${text === "" ? "" : ": "}`;
  const lead = `${clockText(at).slice(0, "14:03:22".length)}  `;
  const room = Math.max(1, columns - lead.length - kindWidth - 2);
  const words = cut(plain(head + text), room);
  const word = paint(kind.padEnd(kindWidth), kind === "failed" ? "red" : undefined, color);
  return `${paint(lead, "dim", color)}${word}  ${words}`.trimEnd();
}
