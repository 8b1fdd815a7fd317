// Keeps what becomes of an agent's requests to its model server, and tells the one state that is shown of the agent.
import type { ModelRequest } from "../domain/wire/model-request.ts";
import type { AnswerFigures } from "./answer-figures.ts";

export type RequestState = Pick<ModelRequest, "state" | "place" | "waiting" | "why">;

export interface OpenRequest {
  set(state: RequestState): void;
  close(figures?: AnswerFigures): void;
}

export interface RequestBoard {
  open(): OpenRequest;
}

export interface BoardOptions {
  /** The server's name in the queue. */
  readonly server: string;
  readonly now: () => Date;
  /** Called with each change. */
  readonly onChange: (request: ModelRequest) => void;
}

/** An agent may have several requests at the same time. What the server works on is shown before what waits. */
export function createRequestBoard({ server, now, onChange }: BoardOptions): RequestBoard {
  const entries = new Map<object, RequestState & { readonly since: string }>();
  let figures: Pick<ModelRequest, "tokens_per_s" | "cached_share"> = {};
  let told = "";
  const tell = () => {
    const all = [...entries.values()];
    const shown = all.findLast(({ state }) => state !== "waiting") ?? all.at(-1);
    const request: ModelRequest = { server, state: "idle", ...shown, ...figures };
    const text = JSON.stringify(request);
    if (text !== told) onChange(request);
    told = text;
  };
  return {
    open() {
      const key = {};
      return {
        set(next) {
          const last = entries.get(key);
          const since = last?.state === next.state ? last.since : now().toISOString();
          entries.set(key, { ...next, since });
          tell();
        },
        close(last) {
          entries.delete(key);
          if (last !== undefined) figures = shownFigures(last);
          tell();
        },
      };
    },
  };
}

function shownFigures({ tokensPerS, cachedShare }: AnswerFigures): typeof emptyFigures {
  return {
    ...(tokensPerS !== undefined && { tokens_per_s: Math.round(tokensPerS * 10) / 10 }),
    ...(cachedShare !== undefined && { cached_share: Math.round(cachedShare * 100) / 100 }),
  };
}

const emptyFigures: Pick<ModelRequest, "tokens_per_s" | "cached_share"> = {};
