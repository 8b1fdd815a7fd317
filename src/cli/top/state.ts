// What `cliai top` knows and shows: the fleet, what is selected, and what the person is about to do. Pure.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { matchesFilter, parseFilter } from "../../domain/fleet/shown/agent-filter.ts";
import { type Section, sectionOf } from "../../domain/fleet/shown/sections.ts";
import { sortAgents } from "../../domain/fleet/shown/sort-agents.ts";
import { type AgentRequest, isApproval } from "../../domain/requests.ts";
import type { SpentToday } from "../../domain/spending/spent-today.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { LogEntry } from "../log/log-entries.ts";
import type { ScreenSize } from "../screen/full-screen.ts";
import { type EditedLine, textOf } from "../screen/line-edit.ts";

export type OrderType = "pause" | "resume" | "stop";

/** What the last rows ask the person for. */
export type Prompt =
  | { readonly kind: "filter"; readonly line: EditedLine; readonly before: string }
  | { readonly kind: "task"; readonly line: EditedLine; readonly ids: readonly AgentId[] }
  /** Words for a request: an answer, or why it is refused. */
  | { readonly kind: "words"; readonly line: EditedLine; readonly request: AgentRequest }
  | {
      readonly kind: "confirm";
      readonly type: OrderType;
      /** Whether a stop interrupts the turn. */
      readonly force: boolean;
      readonly ids: readonly AgentId[];
    };

export type Page =
  | { readonly kind: "list" }
  /** One agent on the whole screen. */
  | { readonly kind: "agent"; readonly scroll: number }
  /** Over the page to which it leads back. */
  | { readonly kind: "help"; readonly scroll: number; readonly back: Page };

export interface Notice {
  readonly text: string;
  readonly colour: "red" | "yellow" | "green";
  /** When it was said, by serve's clock, in ms since 1970. */
  readonly atMs: number;
}

export interface History {
  readonly agent: AgentId;
  /** Oldest first; undefined while it is read. */
  readonly entries: readonly LogEntry[] | undefined;
  /** Why it cannot be read. */
  readonly failure?: string;
}

export interface TopState {
  readonly size: ScreenSize;
  readonly views: readonly AgentView[];
  /** By serve's clock, which the times in the views are of, in ms since 1970. */
  readonly nowMs: number;
  /** Why what is shown may be over; undefined while serve answers. Then nothing can be ordered. */
  readonly lost: string | undefined;
  /** What was spent today; undefined if serve has not told it. */
  readonly spentToday: SpentToday | undefined;
  /** Only the agents of this section; undefined for all. */
  readonly section: Section | undefined;
  /** Only the agents with these words. */
  readonly filter: string;
  readonly selected: AgentId | undefined;
  /** When the selection was last moved by a change of the fleet, because its agent had left the list, and by no key. */
  readonly jumpedMs: number;
  /** Where the selected agent is in the list, for the time when it leaves the list. */
  readonly index: number;
  /** The first row of the list that is on the screen. */
  readonly offset: number;
  readonly marked: ReadonlySet<AgentId>;
  readonly page: Page;
  readonly prompt: Prompt | undefined;
  /** The open requests that were read, by their ids. */
  readonly requests: ReadonlyMap<string, AgentRequest>;
  readonly history: History | undefined;
  readonly notice: Notice | undefined;
  /** The requests to which an answer was sent. */
  readonly answered: ReadonlySet<string>;
  /** Whether `g` was pressed, and the next key names a page. */
  readonly isGoing: boolean;
  /** The request that the screen shows, and since when; so that no key answers one that nobody has read. */
  readonly shown: { readonly request_id: string; readonly sinceMs: number } | undefined;
}

export function firstState(size: ScreenSize): TopState {
  return {
    ...{ size, views: [], nowMs: 0, lost: undefined, spentToday: undefined, section: undefined, filter: "" },
    ...{
      selected: undefined,
      jumpedMs: Number.NEGATIVE_INFINITY,
      index: 0,
      offset: 0,
      marked: new Set(),
      page: { kind: "list" },
    },
    ...{ prompt: undefined, requests: new Map(), history: undefined, notice: undefined },
    ...{ answered: new Set(), isGoing: false, shown: undefined },
  };
}

/** The agents that the list shows, those that need a person first. */
export function listOf({ views, section, filter, prompt }: TopState): AgentView[] {
  const wanted = parseFilter(prompt?.kind === "filter" ? textOf(prompt.line) : filter);
  const shown = views.filter(
    (view) => (section === undefined || sectionOf(view) === section) && matchesFilter(view, wanted),
  );
  return sortAgents(shown, "need");
}

export function selectedView({ views, selected }: TopState): AgentView | undefined {
  return views.find(({ agent_id }) => agent_id === selected);
}

/** The agents that a key acts on, in the order of the list: the marked ones, else the selected one. */
export function targetsOf(state: TopState): AgentView[] {
  const marked = sortAgents(state.views, "need").filter(({ agent_id }) => state.marked.has(agent_id));
  const view = selectedView(state);
  return marked.length > 0 || view === undefined ? marked : [view];
}

/** The id of the request of the selected agent that waits longest for a decision, approvals first, as its status tells. */
export function requestIdOf(state: TopState): string | undefined {
  const { requests = [] } = selectedView(state) ?? {};
  return (requests.find(isApproval) ?? requests[0])?.request_id;
}

/** The same request in full; undefined until it was read. */
export function requestOf(state: TopState): AgentRequest | undefined {
  const id = requestIdOf(state);
  return id === undefined ? undefined : state.requests.get(id);
}
