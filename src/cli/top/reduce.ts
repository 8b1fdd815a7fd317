import { agentPageText } from "./agent-lines.ts";
import { helpLines } from "./help-lines.ts";
import { layoutOf } from "./layout.ts";
import { pressKey } from "./press-key.ts";
import { listOf, requestIdOf, type TopState } from "./state.ts";
import type { Step, TopEvent } from "./steps.ts";
import { typeKey } from "./type-key.ts";

/** @param nowMs by serve's clock */
export function reduceTop(before: TopState, event: TopEvent, nowMs: number): Step {
  const state = { ...before, nowMs };
  if (event.type === "key") {
    const step = state.prompt === undefined ? pressKey(state, event.key) : typeKey(state, event.key);
    return { ...step, state: settled(step.state) };
  }
  return { state: withJump(settled(changed(state, event)), before), effects: [] };
}

/** Notes that the selection has moved to another agent though no key was pressed. */
function withJump(state: TopState, { selected }: TopState): TopState {
  return selected === undefined || selected === state.selected ? state : { ...state, jumpedMs: state.nowMs };
}

function changed(state: TopState, event: Exclude<TopEvent, { type: "key" }>): TopState {
  switch (event.type) {
    case "fleet": {
      const { views, lost, spentToday } = event;
      const known = new Set(views.map(({ agent_id }) => agent_id));
      const open = new Set(
        views.flatMap(({ requests = [] }) => requests.map(({ request_id }) => request_id)),
      );
      return {
        ...{ ...state, views, lost, spentToday },
        marked: new Set([...state.marked].filter((id) => known.has(id))),
        requests: new Map([...state.requests].filter(([id]) => open.has(id))),
        answered: new Set([...state.answered].filter((id) => open.has(id))),
      };
    }
    case "request":
      return { ...state, requests: new Map([...state.requests, [event.request.request_id, event.request]]) };
    case "unanswered":
      return { ...state, answered: new Set([...state.answered].filter((id) => id !== event.request_id)) };
    case "history":
      return { ...state, history: event.history };
    case "notice":
      return { ...state, notice: { text: event.text, colour: event.colour, atMs: state.nowMs } };
    case "resize":
      return { ...state, size: event.size };
    case "tick":
      return state;
  }
}

/** The selection is in the list and on the screen, nothing is scrolled beyond its end, and it is known which request is shown. */
function settled(state: TopState): TopState {
  return withShown(withScroll(withSelection(state)));
}

function withSelection(state: TopState): TopState {
  const list = listOf(state);
  const place = list.findIndex(({ agent_id }) => agent_id === state.selected);
  // On the page of one agent it stays that agent, also where the list does not have it.
  const isOnPage =
    state.page.kind !== "list" && state.views.some(({ agent_id }) => agent_id === state.selected);
  const index = place >= 0 ? place : Math.max(0, Math.min(state.index, list.length - 1));
  const selected = place >= 0 || isOnPage ? state.selected : list[index]?.agent_id;
  const rows = layoutOf({ ...state, selected }).list;
  const most = Math.max(0, list.length - rows);
  const offset = Math.min(most, Math.max(Math.min(state.offset, index), index - rows + 1, 0));
  return { ...state, selected, index, offset };
}

function withScroll(state: TopState): TopState {
  const { page, size } = state;
  if (page.kind === "list") return state;
  const length =
    page.kind === "help" ? helpLines(size.columns).length : agentPageText(state, false).lines.length;
  const scroll = Math.max(0, Math.min(page.scroll, length - layoutOf(state).body));
  return scroll === page.scroll ? state : { ...state, page: { ...page, scroll } };
}

function withShown(state: TopState): TopState {
  const id = requestIdOf(state);
  const request_id = id !== undefined && state.requests.has(id) ? id : undefined;
  if (request_id === state.shown?.request_id) return state;
  return { ...state, shown: request_id === undefined ? undefined : { request_id, sinceMs: state.nowMs } };
}
