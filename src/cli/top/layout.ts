// How many rows of the screen each part of `cliai top` has. Pure.
import { wrap } from "../frame/terminal.ts";
import { promptText } from "./prompt-text.ts";
import { listOf, type TopState } from "./state.ts";

export interface Layout {
  /** The rows of agents, without the heading. */
  readonly list: number;
  /** Of the selected agent, without its title; 0 on a screen that has no room for it. */
  readonly preview: number;
  /** Of one agent on the whole screen, or of the help. */
  readonly body: number;
  /** The last rows: the keys, a notice, or what is asked. */
  readonly foot: number;
}

const leastForPreview = 8;
const leastPreview = 2;
const mostPreview = 24;

export function layoutOf(state: TopState): Layout {
  const { columns, rows } = state.size;
  const { prompt } = state;
  const asks = prompt === undefined ? 1 : wrap(promptText(prompt), columns).length;
  const foot = Math.max(1, Math.min(asks, Math.floor(rows / 2)));
  // The counts and the heading; the counts alone where there is no room.
  const free = Math.max(0, rows - 2 - foot);
  const body = Math.max(0, rows - 1 - foot);
  if (rows < leastForPreview) return { list: free, preview: 0, body, foot };
  const agents = Math.max(1, listOf(state).length);
  // A short list leaves its rows to the preview.
  const usual = Math.min(Math.floor((free - 1) * 0.45), mostPreview);
  const preview = Math.max(leastPreview, usual, Math.min(mostPreview, free - 1 - agents));
  return { list: Math.max(0, free - 1 - preview), preview, body, foot };
}
