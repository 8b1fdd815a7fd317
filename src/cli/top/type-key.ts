// What a key does in `cliai top` while the person types, or is asked for a yes. Pure.
import { isApproval } from "../../domain/requests.ts";
import type { Key } from "../screen/keys.ts";
import { editLine, textOf } from "../screen/line-edit.ts";
import type { Prompt, TopState } from "./state.ts";
import type { Effect, Step } from "./steps.ts";

export function typeKey(state: TopState, key: Key): Step {
  const { prompt } = state;
  if (prompt === undefined) return { state, effects: [] };
  if (key.name === "ctrl-c") return { state, effects: [{ type: "interrupt" }] };
  if (key.name === "ctrl-z") return { state, effects: [{ type: "suspend" }] };
  if (prompt.kind === "confirm") return confirm(state, prompt, key);
  if (key.name === "escape")
    return closed(prompt.kind === "filter" ? { ...state, filter: prompt.before } : state);
  if (key.name === "enter") return entered(state, prompt);
  const line = editLine(prompt.line, key);
  return { state: line === undefined ? state : { ...state, prompt: { ...prompt, line } }, effects: [] };
}

/** Only `y` is a yes. A pasted text is neither. */
function confirm(state: TopState, prompt: Extract<Prompt, { kind: "confirm" }>, { name, paste }: Key): Step {
  if (paste !== undefined) return { state, effects: [] };
  if (name !== "y") {
    const notice = {
      text: `nothing is sent: no ${prompt.type}`,
      colour: "yellow",
      atMs: state.nowMs,
    } as const;
    return closed({ ...state, notice });
  }
  const { type, force, ids } = prompt;
  return closed(
    { ...state, marked: new Set() },
    { type: "order", order: type, ids, ...(force && { force }) },
  );
}

function entered(state: TopState, prompt: Exclude<Prompt, { kind: "confirm" }>): Step {
  const text = textOf(prompt.line).trim();
  switch (prompt.kind) {
    case "filter":
      return closed({ ...state, filter: text });
    case "task":
      if (text === "") return closed(state);
      return closed({ ...state, marked: new Set() }, { type: "order", order: "task", text, ids: prompt.ids });
    case "words": {
      const { request } = prompt;
      if (text === "") return closed(state);
      const words = isApproval(request) ? { approved: false, reason: text } : { text };
      const answered = new Set([...state.answered, request.request_id]);
      return closed({ ...state, answered }, { type: "answer", request, words });
    }
  }
}

function closed(state: TopState, ...effects: readonly Effect[]): Step {
  return { state: { ...state, prompt: undefined }, effects };
}
