// What `cliai top` hears, and what it does.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { AnswerWords } from "../../domain/request-answer.ts";
import type { AgentRequest } from "../../domain/requests.ts";
import type { SpentToday } from "../../domain/spending/spent-today.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { ScreenSize } from "../screen/full-screen.ts";
import type { Key } from "../screen/keys.ts";
import type { History, Notice, OrderType, TopState } from "./state.ts";

export type TopEvent =
  | { readonly type: "key"; readonly key: Key }
  | {
      readonly type: "fleet";
      readonly views: readonly AgentView[];
      readonly lost: string | undefined;
      readonly spentToday?: SpentToday | undefined;
    }
  | { readonly type: "request"; readonly request: AgentRequest }
  | { readonly type: "history"; readonly history: History }
  | { readonly type: "notice"; readonly text: string; readonly colour: Notice["colour"] }
  /** An answer could not be stored. */
  | { readonly type: "unanswered"; readonly request_id: string }
  | { readonly type: "resize"; readonly size: ScreenSize }
  /** Time has passed. */
  | { readonly type: "tick" };

export type Effect =
  | {
      readonly type: "order";
      readonly order: OrderType | "task";
      readonly text?: string;
      readonly force?: boolean;
      readonly ids: readonly AgentId[];
    }
  | {
      readonly type: "answer";
      readonly request: AgentRequest;
      readonly words: AnswerWords;
    }
  | { readonly type: "attach"; readonly id: AgentId }
  | { readonly type: "quit" | "interrupt" | "suspend" | "redraw" };

export interface Step {
  readonly state: TopState;
  readonly effects: readonly Effect[];
}
