// What is shown of an agent's request to its model server: its place in the queue, what the server does, and how fast it was last.

import { spanText } from "../../text/moment.ts";
import type { AgentRecord, ModelRequestEvidence } from "../agent-record.ts";
import type { Axes } from "../axes.ts";

export interface ShownModelRequest {
  readonly words: string;
  /** Since when the request is in this state, RFC 3339; absent if there is no request. */
  readonly since?: string;
  /** The speed of the last answer and the cached part of its prompt; "" if they are not known. */
  readonly figures: string;
  /** "place 2 of 3", while it waits; "" otherwise. */
  readonly place: string;
}

type Shown = Pick<AgentRecord, "heartbeat"> & { readonly axes: Pick<Axes, "link"> };

/** Undefined if the agent has no model server of its own, and if it is not connected, because then its request is not known. */
export function shownModelRequest({ heartbeat, axes }: Shown): ShownModelRequest | undefined {
  const request = heartbeat?.model_request;
  if (request === undefined || axes.link.value !== "online") return undefined;
  const { state, since } = request;
  const place = state === "waiting" ? placeText(request) : "";
  return {
    words: wordsOf(request, place),
    ...(since !== undefined && { since }),
    figures: figuresOf(request),
    place,
  };
}

/**
 * The same for a cell of a table: `place 2/3, 12 s`, `prompt 25 %, 3 s`, `works, 8 s, 31 tok/s`, with the speed of the last answer. "" if there
 * is neither a request nor such a speed.
 */
export function modelCell(agent: Shown, now: Date): string {
  const request = agent.heartbeat?.model_request;
  const shown = shownModelRequest(agent);
  if (request === undefined || shown === undefined) return "";
  const { tokens_per_s: speed } = request;
  const age = shown.since === undefined ? [] : [spanText((now.getTime() - Date.parse(shown.since)) / 1000)];
  return [
    ...cellWords(request, shown.place),
    ...age,
    ...(speed === undefined ? [] : [`${speed} tok/s`]),
  ].join(", ");
}

function cellWords(request: ModelRequestEvidence, place: string): string[] {
  switch (request.state) {
    case "waiting":
      return [place === "" ? "waits" : place.replace(" of ", "/")];
    case "working": {
      const percent = promptPercent(request);
      return [percent === undefined ? "works" : `prompt ${percent} %`];
    }
    case "unqueued":
      return ["past the queue"];
    case "cancelled":
      return ["cancelled"];
    case "idle":
      return [];
  }
}

function wordsOf(request: ModelRequestEvidence, place: string): string {
  const { server, state, why } = request;
  switch (state) {
    case "waiting":
      return `waits for ${server}${place === "" ? "" : `, ${place}`}`;
    case "working":
      return `${server} ${promptText(request) ?? "works on its request"}`;
    case "unqueued":
      return `${server} has its request, which did not wait in the queue: ${why ?? "it is not known why"}`;
    case "cancelled":
      return `${server} is still busy with its cancelled request`;
    case "idle":
      return `${server} has no request of it`;
  }
}

/** How far the server has read the prompt; undefined if it does not read it now, or does not tell. */
export function promptText({
  prompt_read: read,
  prompt_tokens: all,
}: Pick<ModelRequestEvidence, "prompt_read" | "prompt_tokens">): string | undefined {
  const percent = promptPercent({ prompt_read: read, prompt_tokens: all });
  if (read === undefined || all === undefined || percent === undefined) return undefined;
  return `reads its prompt, ${read.toLocaleString("en")} of ${all.toLocaleString("en")} tokens (${percent} %)`;
}

function promptPercent({
  prompt_read: read,
  prompt_tokens: all,
}: Pick<ModelRequestEvidence, "prompt_read" | "prompt_tokens">): number | undefined {
  if (read === undefined || all === undefined || all === 0) return undefined;
  return Math.floor((Math.min(read, all) / all) * 100);
}

function placeText({ place, waiting }: ModelRequestEvidence): string {
  return place === undefined || place === 0 ? "" : `place ${place} of ${Math.max(place, waiting ?? 0)}`;
}

function figuresOf({ tokens_per_s, cached_share }: ModelRequestEvidence): string {
  const speed = tokens_per_s === undefined ? [] : [`${tokens_per_s} tokens/s`];
  const cached =
    cached_share === undefined ? [] : [`${Math.round(cached_share * 100)} % of the prompt cached`];
  return [...speed, ...cached].join(", ");
}
