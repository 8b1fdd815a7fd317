import type { AgentView } from "../domain/fleet/agent-view.ts";
import type { CallFacts } from "../domain/fleet/shown/fold-calls.ts";
import type { WorkReport } from "../domain/report/report-lines.ts";
import type { OlderPicture, ShownScreen } from "../domain/screen/picture.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Alert } from "../domain/wire/messages.ts";
import type { QueueFigures } from "./model-queue/queue-counts.ts";
import type { WorkFigures } from "./reports/work-counts.ts";
import type { Seat, SeatListener } from "./screens/seat.ts";
import type { TypedKeys } from "./screens/type-keys.ts";
import type { OrderRequest, StoredCommand } from "./send-command.ts";
import type { BudgetDesk, Holding, RequestDesk, RuleDesk } from "./server-desks.ts";
import type {
  AuditVerdict,
  ConsumerLag,
  FleetAnswer,
  FleetAsk,
  HistoryReading,
  SpendingReading,
  SystemFacts,
} from "./server-readings.ts";
import type { KeptEntries } from "./transcripts/dropped-entries.ts";
import type { StoredEntry, TranscriptPage, TranscriptQuery } from "./transcripts/transcripts.ts";

export interface Server {
  /** A new id at each start. A page that sees it change knows that its revisions are invalid. */
  readonly instance: string;
  readonly startedAt: string;
  readonly version: string;
  readonly fleet: FleetService;
  readonly alerts: AlertService;
  readonly requests: RequestDesk;
  readonly rules: RuleDesk;
  readonly holding: Holding;
  readonly budgets: BudgetDesk;
  readonly transcripts: TranscriptService;
  readonly screens: ScreenService;
  /** The records of the fleet as they are now: what `serve.fleet` answers to the commands, without a message. */
  readFleet(ask: FleetAsk): FleetAnswer;
  /** Whether this serve leads, if there are several. */
  isLeader(): boolean;
  /** The queues before model servers that this serve has kept since its start. */
  modelQueues(): readonly QueueFigures[];
  /** What the agents have done since this serve has started. */
  work(): WorkFigures;
  health(): Health;
  /** What NATS and its store say of themselves now. @throws CliaiError if they do not answer */
  system(): Promise<SystemFacts>;
  /** How far each consumer of the streams is behind. @throws CliaiError if NATS does not answer */
  consumerLags(): Promise<readonly ConsumerLag[]>;
  /** What agents have spent. */
  readonly spending: SpendingReading;
  /** The recorded history. */
  readonly history: HistoryReading;
  /**
   * Verifies the recorded history. Resolves to undefined if that takes longer than 20 s; the next call gets the verdict.
   * @throws CliaiError if NATS does not answer
   */
  verifyAudit(): Promise<AuditVerdict | undefined>;
  /** What the agents did since a moment, in ms since 1970. @throws CliaiError if NATS does not answer */
  workReport(sinceMs: number): Promise<WorkReport>;
  /** Resolves when all that is stored of the agent by now is in its record; or after 2 s. */
  catchUp(id: AgentId): Promise<void>;
  /**
   * Resolves only when all orders, and the agent's receipts, that are stored by now are in its record.
   * @throws CliaiError `no_answer` if that takes too long; what NATS answers
   */
  readAll(id: AgentId): Promise<unknown>;
  /**
   * Stores a command for a known agent.
   * @throws CliaiError `agent_unknown`, naming the nearest ids; `payload_too_large`, `nats_unreachable`, `store_unavailable`; and what
   * {@link storeCommand} throws
   */
  sendCommand(order: OrderRequest): Promise<StoredCommand>;
  /**
   * Stores a message of the operator for an agent.
   * @throws CliaiError `agent_unknown`; `refused` for an agent that was stopped; `usage` without a text; `nats_unreachable`,
   * `store_unavailable`
   */
  sendMessage(message: OperatorMessage): Promise<SentMessage>;
  /**
   * Changes the tags of an agent. A tag that is added and removed at once is removed.
   * @throws CliaiError `agent_unknown`; `usage` for too many tags; `server_unreachable` while no serve leads; `no_answer`
   */
  tag(change: TagChange): Promise<TaggedAgent>;
  /**
   * Takes back a task or message that waits.
   * @param order.command_id its id, or at least the first four characters
   * @throws CliaiError `order_unknown`; `usage` if several orders are meant; `refused` if it does not wait any more; `no_answer`
   */
  cancel(order: { readonly command_id: string; readonly from: string }): Promise<CancelledOrder>;
  /** Publishes a heartbeat that came by the old polling interface. @throws CliaiError `message_invalid` */
  takeHeartbeat(body: unknown): Promise<void>;
  stop(): Promise<void>;
}

export interface OperatorMessage {
  readonly to: string;
  readonly text: string;
  /** Who writes it: `kim (page)`, `ci (token)`. */
  readonly from: string;
  /** The message that it answers, and the thread of that. Default: a new thread. */
  readonly reply_to?: string | undefined;
  readonly thread?: string | undefined;
  /** A message that is sent twice with the same id is stored once. Default: a new one. */
  readonly message_id?: string | undefined;
}

export interface SentMessage {
  readonly message_id: string;
  readonly thread: string;
}

export interface TagChange {
  readonly agent_id: AgentId;
  readonly add: string[];
  readonly remove: string[];
}

export interface TaggedAgent {
  readonly agent_id: AgentId;
  /** All that it has now, sorted. */
  readonly tags: readonly string[];
}

export interface CancelledOrder {
  readonly agent_id: AgentId;
  readonly command_id: string;
  readonly type: string;
  /** The beginning of its text. */
  readonly summary: string;
  /** Its last receipt: `refused`, with who took it back. */
  readonly state: string;
  readonly detail: string;
}

/** Launches an agent's CLI for a task. Resolves once it is connected, or when the captain cannot wait any longer. */
export type LaunchAgent = (order: LaunchOrder) => Promise<LaunchedByCaptain>;

export interface LaunchedByCaptain {
  readonly agent_id: AgentId;
  /** If not, it is still starting. */
  readonly isConnected: boolean;
}

export interface LaunchOrder {
  /** The same id for a repeated call, so that the agent is launched once. */
  readonly callId: string;
  readonly captain: AgentId;
  readonly profile: string;
  readonly task: string;
  readonly project?: string | undefined;
  /** The node that launches it; default: the server's machine. */
  readonly node?: string | undefined;
  readonly isKnown: (id: AgentId) => boolean;
  /** Whether its host is connected. */
  readonly isOnline: (id: AgentId) => boolean;
  /** Whether it is online, and its CLI has reported something. */
  readonly hasBegun: (id: AgentId) => boolean;
}

export interface FleetService {
  /** Grows with each change that `list` or `get` shows. */
  revision(): number;
  list(): AgentView[];
  get(id: AgentId): AgentView | undefined;
  /** @throws CliaiError `agent_unknown`, naming the nearest ids */
  require(id: string): AgentView;
  /** The newest events of an agent, oldest first. */
  timeline(id: AgentId): readonly TimelineEntry[];
  /** How many events the agent had in each of the last 30 whole minutes, oldest first. This serve counts them, from what it reads at its start on. */
  activity(id: AgentId): readonly number[];
  /** The agents that changed after a revision; undefined if it is too old or of another instance. */
  changedSince(revision: number): readonly AgentId[] | undefined;
  /** Calls the listener for changes, at most 20 times a second. Returns a function that removes it. */
  onChange(listener: (change: FleetChange) => void): () => void;
}

export interface FleetChange {
  readonly revision: number;
  readonly ids: readonly AgentId[];
  /** Whether a person may wait for one of the changes: a status, a request, an order or a receipt. */
  readonly isUrgent: boolean;
}

export interface TimelineEntry {
  readonly at: string;
  /** `connection`, `status`, `receipt`, an order's type, or the event's own kind. */
  readonly kind: string;
  readonly text: string;
  /** Set if the event is about a tool call. */
  readonly call?: CallFacts;
}

export interface AlertService {
  /** The alerts that are not resolved, newest first. */
  open(): readonly Alert[];
  onAlert(listener: (alert: Alert) => void): () => void;
}

/** The conversations of the agents' sessions, from the stream TRANSCRIPTS. */
export interface TranscriptService {
  /** @throws CliaiError if the stream cannot be read */
  read(id: AgentId, query: TranscriptQuery): Promise<TranscriptPage>;
  /** What is kept of it, and what was dropped. @throws CliaiError if the stream cannot be read */
  kept(id: AgentId): Promise<KeptEntries>;
  /** Calls the listener with each entry of the agent after a sequence. Returns the function that ends that. */
  follow(id: AgentId, after: number, onEntry: (entry: StoredEntry) => void): () => void;
}

/** The screens of the agents' terminals. A host sends its screen only while somebody watches. */
export interface ScreenService {
  /** Watches until the function that it returns is called. The listener is called with each change. */
  watch(id: AgentId, listener: (screen: ShownScreen) => void): () => void;
  /** The last screen of an agent that somebody watches; undefined if none has come. */
  shown(id: AgentId): ShownScreen | undefined;
  /** The present screen; undefined if none comes in time (default 2 s): the agent has no terminal, or its host is away. */
  look(id: AgentId, withinMs?: number): Promise<ShownScreen | undefined>;
  /** The last rows that have left the screen, at most `count` of them; undefined if no host sends them in time. */
  older(id: AgentId, count: number): Promise<OlderPicture | undefined>;
  /** A viewer of its own, for somebody who also types, until its `stop` is called. */
  takeSeat(id: AgentId, listener: SeatListener): Seat;
  /** As `typeKeys` in screens/type-keys.ts. */
  type(id: AgentId, typed: TypedKeys): Promise<void>;
}

export interface Health {
  readonly ready: boolean;
  /** Why the server is not ready, in words for a person. */
  readonly reason?: string;
  /** What the store has lost, until a person acknowledges it with `cliai doctor --close-damage`. */
  readonly damage?: string;
  readonly nats: { readonly connected: boolean; readonly version: string; readonly restarts: number };
  /** How many messages since the start could not be decoded. */
  readonly malformed: number;
}
