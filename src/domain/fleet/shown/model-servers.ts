// Lists the model servers of a fleet, from what the hosts of the agents report: their slots, whose requests they work on, and whose wait.
import { definedOf } from "../../defined.ts";
import type { AgentId } from "../../wire/agent-id.ts";
import type { AgentRecord, ModelRequestEvidence } from "../agent-record.ts";
import type { Axes } from "../axes.ts";
import { promptText } from "./shown-model-request.ts";

export interface AgentAtServer {
  readonly agent_id: AgentId;
  /** How many requests of the agent this entry stands for, if there are several. With `waiting`, `place` is the place of the first one. */
  readonly requests?: number;
  readonly state: "working" | "unqueued" | "cancelled" | "waiting";
  /** RFC 3339. */
  readonly since?: string;
  /** With `waiting`: the place in the queue, from 1; absent as long as the queue has not told it. */
  readonly place?: number;
  /** While the server reads its prompt: how many tokens it has read, of how many. */
  readonly prompt_read?: number;
  readonly prompt_tokens?: number;
}

export interface ModelServer {
  /** Its name in the queue, such as `gpu:8080`. */
  readonly server: string;
  /** How many requests it works on at the same time; absent if no host was told. If they were told different numbers, the smallest. */
  readonly slots?: number;
  /** The models that these agents have asked for last. */
  readonly models: readonly string[];
  /** Whose requests it has, the longest first. */
  readonly running: readonly AgentAtServer[];
  /** Whose requests wait in the queue, in its order. */
  readonly waiting: readonly AgentAtServer[];
  /** The agents without a request now. */
  readonly idle: readonly AgentId[];
}

type AgentWithServer = Pick<AgentRecord, "agent_id" | "heartbeat"> & { readonly axes: Pick<Axes, "link"> };

/** The model servers, by name. Agents that are not connected are left out, because their requests are not known. */
export function modelServersOf(agents: readonly AgentWithServer[]): ModelServer[] {
  const byServer = Map.groupBy(
    agents.flatMap(({ agent_id, heartbeat, axes }) => {
      const request = axes.link.value === "online" ? heartbeat?.model_request : undefined;
      return request === undefined ? [] : [{ agent_id, request }];
    }),
    ({ request }) => request.server,
  );
  return [...byServer]
    .map(([server, those]) => modelServerOf(server, those))
    .toSorted((one, other) => (one.server < other.server ? -1 : 1));
}

/** What the server does with an agent's requests, in words that follow the agent's name. */
export function atServerText(agent: AgentAtServer): string {
  const { requests } = agent;
  return `${requests === undefined ? "" : `${requests} requests: `}${stateText(agent)}`;
}

function stateText({ state, place, ...agent }: AgentAtServer): string {
  switch (state) {
    case "working":
      return promptText(agent) ?? "works on it";
    case "unqueued":
      return "works on it, without the queue";
    case "cancelled":
      return "still works on it, although it was cancelled";
    case "waiting":
      return place === undefined ? "waits" : `place ${place}`;
  }
}

interface Asking {
  readonly agent_id: AgentId;
  readonly request: ModelRequestEvidence;
}

function modelServerOf(server: string, asking: readonly Asking[]): ModelServer {
  const slots = asking.flatMap(({ request }) => request.slots ?? []);
  const models = new Set(asking.flatMap(({ request }) => request.model ?? []));
  return {
    server,
    ...(slots.length > 0 && { slots: Math.min(...slots) }),
    models: [...models].toSorted(),
    running: asking
      .flatMap(runningOf)
      .toSorted((one, other) => (one.since ?? "").localeCompare(other.since ?? "")),
    waiting: asking
      .flatMap(waitingOf)
      .toSorted(
        (one, other) => rankOf(one) - rankOf(other) || (one.since ?? "").localeCompare(other.since ?? ""),
      ),
    idle: asking.flatMap(({ agent_id, request }) => (request.state === "idle" ? [agent_id] : [])).toSorted(),
  };
}

function runningOf({ agent_id, request }: Asking): AgentAtServer[] {
  const { state, since, running, prompt_read, prompt_tokens } = request;
  if (state === "idle" || state === "waiting") return [];
  return [{ agent_id, state, ...severalOf(running), ...definedOf({ since, prompt_read, prompt_tokens }) }];
}

/** An agent's waiting requests. If the server works on other requests of the agent, its host reports no place. */
function waitingOf({ agent_id, request }: Asking): AgentAtServer[] {
  const { state, since, place, queued } = request;
  if (state === "waiting")
    return [{ agent_id, state, ...severalOf(queued), ...definedOf({ since, place: place || undefined }) }];
  return queued === undefined || queued === 0 ? [] : [{ agent_id, state: "waiting", ...severalOf(queued) }];
}

function severalOf(requests: number | undefined): Pick<AgentAtServer, "requests"> {
  return requests === undefined || requests < 2 ? {} : { requests };
}

function rankOf({ place = Number.MAX_SAFE_INTEGER }: AgentAtServer): number {
  return place;
}
