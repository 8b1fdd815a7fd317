// What a key does in `cliai top` while nothing is typed. Pure.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { canBeLetGo } from "../../domain/fleet/shown/let-go.ts";
import { sections } from "../../domain/fleet/shown/sections.ts";
import { type AgentRequest, isApproval } from "../../domain/requests.ts";
import { answerForm } from "../inbox/inbox.ts";
import type { Key } from "../screen/keys.ts";
import { emptyLine, lineOf } from "../screen/line-edit.ts";
import { agentPageText, previewText } from "./agent-lines.ts";
import { layoutOf } from "./layout.ts";
import { listOf, type OrderType, requestIdOf, requestOf, type TopState, targetsOf } from "./state.ts";
import type { Step } from "./steps.ts";

/**
 * A request must have been on the screen for this long before a key answers it, and an agent that nobody has selected before `p` pauses it: the key
 * may have been meant for the one before.
 */
const readForMs = 700;

export function pressKey(before: TopState, { name, paste }: Key): Step {
  // A pasted text is never taken for keys.
  if (paste !== undefined || name === undefined) return only(before);
  const state = { ...before, isGoing: false };
  if (before.isGoing) return goTo(state, name);
  const always = anywhere(state, name);
  if (always !== undefined) return always;
  switch (state.page.kind) {
    case "list":
      return onList(state, name) ?? act(state, name);
    case "agent":
      return onAgent(state, name) ?? act(state, name);
    case "help":
      return onHelp(state, name);
  }
}

function anywhere(state: TopState, name: string): Step | undefined {
  switch (name) {
    case "q":
      return { state, effects: [{ type: "quit" }] };
    case "ctrl-c":
      return { state, effects: [{ type: "interrupt" }] };
    case "ctrl-z":
      return { state, effects: [{ type: "suspend" }] };
    case "ctrl-l":
      return { state, effects: [{ type: "redraw" }] };
    case "?":
      return state.page.kind === "help"
        ? only({ ...state, page: state.page.back })
        : only({ ...state, page: { kind: "help", scroll: 0, back: state.page } });
    case "g":
      return only({ ...state, isGoing: true });
  }
  return undefined;
}

/** `g f` and `g i`; the dashboard has other pages. */
function goTo(state: TopState, name: string): Step {
  if (name === "ctrl-c") return { state, effects: [{ type: "interrupt" }] };
  const isPage = name === "f" || name === "i";
  if (!isPage)
    return name === "escape" ? only(state) : refused(state, "top has the pages g f (fleet) and g i (inbox)");
  return only({
    ...{ ...state, page: { kind: "list" }, filter: "" },
    section: name === "i" ? "needs-you" : undefined,
  });
}

function onList(state: TopState, name: string): Step | undefined {
  const moved = movedBy(name, layoutOf(state).list);
  if (moved !== undefined) return only(select(state, state.index + moved));
  switch (name) {
    case "enter":
      return only(state.selected === undefined ? state : { ...state, page: { kind: "agent", scroll: 0 } });
    case "/":
      return only({
        ...state,
        prompt: { kind: "filter", line: lineOf(state.filter), before: state.filter },
      });
    case "f":
      return only({ ...state, section: nextSection(state) });
    case " ":
      return only(select(marked(state), state.index + 1));
    case "escape":
      return only(takenBack(state));
  }
  return undefined;
}

function onAgent(state: TopState, name: string): Step | undefined {
  const { page } = state;
  const moved = movedBy(name, layoutOf(state).body);
  const scroll = page.kind === "agent" ? page.scroll : 0;
  if (moved !== undefined) return only({ ...state, page: { kind: "agent", scroll: scroll + moved } });
  switch (name) {
    case "escape":
    case "enter":
      return only({ ...state, page: { kind: "list" } });
    case "left":
    case "right":
      return only(
        select({ ...state, page: { kind: "agent", scroll: 0 } }, state.index + (name === "left" ? -1 : 1)),
      );
  }
  return undefined;
}

function onHelp(state: TopState, name: string): Step {
  const { page } = state;
  if (page.kind !== "help") return only(state);
  const moved = movedBy(name, layoutOf(state).body);
  if (moved !== undefined) return only({ ...state, page: { ...page, scroll: page.scroll + moved } });
  return only({ ...state, page: page.back });
}

/** By how many rows a key moves; undefined if it does not. */
function movedBy(name: string, rows: number): number | undefined {
  const far = 1_000_000;
  const aPage = Math.max(1, rows - 1);
  const steps: Readonly<Record<string, number>> = {
    ...{ j: 1, down: 1, k: -1, up: -1, pagedown: aPage, pageup: -aPage, home: -far, end: far },
  };
  return Object.hasOwn(steps, name) ? steps[name] : undefined;
}

function select(state: TopState, index: number): TopState {
  const list = listOf(state);
  const place = Math.max(0, Math.min(index, list.length - 1));
  return { ...state, index: place, selected: list[place]?.agent_id ?? state.selected };
}

function marked(state: TopState): TopState {
  const { selected } = state;
  if (selected === undefined) return state;
  const ids = new Set(state.marked);
  if (!ids.delete(selected)) ids.add(selected);
  return { ...state, marked: ids };
}

function nextSection({ section }: TopState): TopState["section"] {
  return section === undefined ? sections[0] : sections[sections.indexOf(section) + 1];
}

function takenBack(state: TopState): TopState {
  if (state.marked.size > 0) return { ...state, marked: new Set() };
  if (state.filter !== "") return { ...state, filter: "" };
  return { ...state, section: undefined };
}

/** The keys that act on agents. */
function act(state: TopState, name: string): Step {
  const acts = /^[atpsynr1-9]$/.test(name);
  if (!acts || state.selected === undefined) return only(state);
  if (state.lost !== undefined) return refused(state, `not possible now: ${state.lost}`);
  const targets = targetsOf(state);
  const ids = targets.map(({ agent_id }) => agent_id);
  switch (name) {
    case "a":
      return { state, effects: [{ type: "attach", id: state.selected }] };
    case "t":
      return only({ ...state, prompt: { kind: "task", line: emptyLine, ids } });
    case "p":
      return order(state, targets, targets.every(canBeLetGo) ? "resume" : "pause");
    case "s":
      return order(state, targets, "stop");
  }
  return answer(state, name);
}

function order(state: TopState, targets: readonly AgentView[], type: OrderType): Step {
  const ids = targets.map(({ agent_id }) => agent_id);
  // A single pause can be taken back, so it is not asked for. But the person must see whom it is for: a marked agent may be elsewhere.
  if (type !== "stop" && ids.length === 1 && ids[0] === state.selected) {
    if (state.nowMs - state.jumpedMs < readForMs)
      return refused(state, `${ids[0]} has only just been selected: look, then press the key again`);
    return { state: { ...state, marked: new Set() }, effects: [{ type: "order", order: type, ids }] };
  }
  // The second stop does not wait for the agent to finish, as on the page.
  const force = type === "stop" && targets.every(({ axes }) => axes.control.value === "stop_requested");
  return only({ ...state, prompt: { kind: "confirm", type, force, ids } });
}

function answer(state: TopState, name: string): Step {
  const request = requestOf(state);
  if (request === undefined) {
    const isRead = requestIdOf(state) === undefined;
    return refused(state, isRead ? `${state.selected} asks nothing now` : "the request is still being read");
  }
  if (state.answered.has(request.request_id)) return refused(state, "your answer is on its way");
  if (name === "r" && (request.questions?.length ?? 0) > 1) return refused(state, noNumber(request, 0) ?? "");
  if (name === "r") return only({ ...state, prompt: { kind: "words", line: emptyLine, request } });
  const isVerdict = name === "y" || name === "n";
  if (isVerdict !== isApproval(request)) {
    return refused(state, isVerdict ? "that is a question: answer by a number, or r" : "that takes y or n");
  }
  if (state.nowMs - (state.shown?.sinceMs ?? 0) < readForMs)
    return refused(state, "the request has only just appeared: read it, then press the key again");
  if (!isWhole(state)) {
    return state.page.kind === "list"
      ? only({
          ...{ ...state, page: { kind: "agent", scroll: 0 } },
          notice: { text: "read all of it, then press the key again", colour: "yellow", atMs: state.nowMs },
        })
      : refused(state, "scroll to the end of what is asked, then press the key again");
  }
  if (isVerdict) return answered(state, request, { approved: name === "y" });
  const why = noNumber(request, Number(name));
  return why === undefined ? answered(state, request, { text: name }) : refused(state, why);
}

/** Why a number is no answer; undefined if it is one. */
function noNumber(request: AgentRequest, number: number): string | undefined {
  const { choices, questions } = request;
  if (questions !== undefined && questions.length > 1)
    return `that asks several questions: ${answerForm(request)}`;
  const count = questions?.[0]?.choices.length ?? choices?.length ?? 0;
  if (count === 0) return "that has no choices: r answers in words";
  return number <= count ? undefined : `there are ${count} choices, not ${number}`;
}

/** Whether the end of what is asked is on the screen. */
function isWhole(state: TopState): boolean {
  const { preview, body } = layoutOf(state);
  if (state.page.kind === "agent") return agentPageText(state, false).asked <= state.page.scroll + body;
  const { lines, asked } = previewText(state, false);
  return asked <= (lines.length > preview ? preview - 1 : preview);
}

function answered(
  state: TopState,
  request: AgentRequest,
  words: { readonly approved?: boolean; readonly text?: string },
): Step {
  return {
    state: { ...state, answered: new Set([...state.answered, request.request_id]) },
    effects: [{ type: "answer", request, words }],
  };
}

function refused(state: TopState, text: string): Step {
  return only({ ...state, notice: { text, colour: "yellow", atMs: state.nowMs } });
}

function only(state: TopState): Step {
  return { state, effects: [] };
}
