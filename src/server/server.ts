// The types of a running server, for pages, API and commands. start-server.ts makes it.
import type { AgentView } from "../domain/fleet/agent-view.ts";
import type { AgentRequest, AnswerWords } from "../domain/requests.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Alert } from "../domain/wire/messages.ts";
import type { OrderRequest, StoredCommand } from "./send-command.ts";

export interface Server {
  /** A new one at each start. A page that sees it change knows that its revisions are invalid. */
  readonly instance: string;
  readonly startedAt: string;
  readonly version: string;
  readonly fleet: FleetService;
  readonly alerts: AlertService;
  readonly requests: RequestDesk;
  health(): Health;
  /**
   * Stores a command for an agent that is known.
   * @throws CliaiError `agent_unknown` with near names; `payload_too_large`, `nats_unreachable`, `store_unavailable`; and as
   * {@link storeCommand}
   */
  sendCommand(order: OrderRequest): Promise<StoredCommand>;
  /** Takes a heartbeat of the old polling interface into NATS. @throws CliaiError `message_invalid` */
  takeHeartbeat(body: unknown): Promise<void>;
  stop(): Promise<void>;
}

/** Launches an agent's CLI for a task. Resolves with its id once it is connected. */
export type LaunchAgent = (order: LaunchOrder) => Promise<AgentId>;

export interface LaunchOrder {
  /** The same for an order that is given again: it is launched once. */
  readonly callId: string;
  readonly profile: string;
  readonly task: string;
  readonly project?: string | undefined;
  readonly isKnown: (id: AgentId) => boolean;
  readonly isOnline: (id: AgentId) => boolean;
}

export interface FleetService {
  /** Grows with each change that a viewer could see. */
  revision(): number;
  list(): AgentView[];
  get(id: AgentId): AgentView | undefined;
  /** @throws CliaiError `agent_unknown`, naming the nearest ids */
  require(id: string): AgentView;
  /** What was last heard of an agent, oldest first. */
  timeline(id: AgentId): readonly TimelineEntry[];
  /** The agents that changed after a revision; undefined if it is too old or of another instance. */
  changedSince(revision: number): readonly AgentId[] | undefined;
  /** Calls back at most 10 times a second; returns the way to stop that. */
  onChange(listener: (change: FleetChange) => void): () => void;
}

export interface FleetChange {
  readonly revision: number;
  readonly ids: readonly AgentId[];
}

export interface TimelineEntry {
  readonly at: string;
  /** `status`, `receipt`, or the event's own kind. */
  readonly kind: string;
  readonly text: string;
}

export interface AlertService {
  /** The alerts that are not resolved, newest first. */
  open(): readonly Alert[];
  onAlert(listener: (alert: Alert) => void): () => void;
}

export interface RequestReading {
  /** Those that wait for a person or a captain, oldest first. */
  open(): readonly AgentRequest[];
  /** The open ones, and those that are over and still kept. */
  all(): readonly AgentRequest[];
  get(requestId: string): AgentRequest | undefined;
  /** Calls back with each request that is new or has changed; returns the way to stop that. */
  onChange(listener: (request: AgentRequest) => void): () => void;
}

/** The requests as a person has them. */
export interface RequestDesk extends RequestReading {
  /**
   * Answers for a person; the first answer wins.
   * @param request its id, or the beginning of it
   * @throws CliaiError `request_unknown` with near ids, `decided_already` naming who was first, `usage` for words that do
   * not fit the request
   */
  answer(request: string, words: AnswerWords, by: string): Promise<AgentRequest>;
}

export interface Health {
  readonly ready: boolean;
  /** Why it is not ready, for a person. */
  readonly reason?: string;
  /** What the store has lost, until a person has seen to it: `cliai doctor --close-damage`. */
  readonly damage?: string;
  readonly nats: { readonly connected: boolean; readonly version: string; readonly restarts: number };
  /** Messages that could not be understood, since the start. */
  readonly malformed: number;
}
