// Keeps the states of an agent's requests to its model server, and tells the one state that is shown for the agent.
import { definedOf } from "../domain/defined.ts";
import type { ModelRequest } from "../domain/wire/model-request.ts";
import type { AnswerFigures } from "./answer-figures.ts";

export type RequestState = Pick<
  ModelRequest,
  "state" | "place" | "waiting" | "why" | "prompt_read" | "prompt_tokens"
>;

/** What is shown beside the state, also when the request is over. */
export interface RequestFacts {
  /** How a person knows the model; undefined if the request names none. */
  readonly model: string | undefined;
  readonly slots: number | undefined;
}

export interface OpenRequest {
  set(state: RequestState): void;
  close(figures?: AnswerFigures): void;
}

export interface RequestBoard {
  open(facts: RequestFacts): OpenRequest;
}

export interface BoardOptions {
  /** The server's name in the queue. */
  readonly server: string;
  readonly now: () => Date;
  /** Called with each change. */
  readonly onChange: (request: ModelRequest) => void;
}

const modelLength = 200;

/** An agent may have several requests at the same time. A request that waits is shown only if the server works on none. */
export function createRequestBoard({ server, now, onChange }: BoardOptions): RequestBoard {
  const entries = new Map<object, RequestState & { readonly since: string }>();
  let figures: Pick<ModelRequest, "tokens_per_s" | "cached_share"> = {};
  let facts: RequestFacts = { model: undefined, slots: undefined };
  let told = "";
  const tell = () => {
    const all = [...entries.values()];
    const shown = all.findLast(({ state }) => state !== "waiting") ?? all.at(-1);
    const queued = all.filter(({ state }) => state === "waiting").length;
    const counts = all.length > 1 ? { running: all.length - queued, queued } : {};
    const request: ModelRequest = {
      ...{ server, state: "idle", ...definedOf(facts) },
      ...{ ...shown, ...counts, ...figures },
    };
    const text = JSON.stringify(request);
    if (text !== told) onChange(request);
    told = text;
  };
  return {
    open(next) {
      const key = {};
      facts = { ...next, model: next.model?.slice(0, modelLength) };
      return {
        set(state) {
          const last = entries.get(key);
          const since = last?.state === state.state ? last.since : now().toISOString();
          entries.set(key, { ...state, since });
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

function shownFigures({
  tokensPerS,
  cachedShare,
}: AnswerFigures): Pick<ModelRequest, "tokens_per_s" | "cached_share"> {
  return {
    ...(tokensPerS !== undefined && { tokens_per_s: Math.round(tokensPerS * 10) / 10 }),
    ...(cachedShare !== undefined && { cached_share: Math.round(cachedShare * 100) / 100 }),
  };
}
