// This room is the wire: subjects, message schemas, decoding, the table of tools.
//
// One schema for each message on the wire (contract §3); the types are inferred from the schemas. Unknown fields are kept.
// decode.ts decodes bytes.
import * as v from "valibot";
import { AgentIdSchema } from "./agent-id.ts";

const boundedText = (name: string, most: number) =>
  v.pipe(
    v.string(`${name} must be text`),
    v.maxLength(most, `${name} is longer than ${most.toLocaleString("en")} characters`),
  );
const shortText = (name: string) => boundedText(name, 1_024);
const path = (name: string) => boundedText(name, 4_096);
/** A person's or a model's words, taken whole: the message is bounded by the 8 MB of the path, and what is kept by domain/fleet/reduce-agent.ts. */
const longText = (name: string) => v.string(`${name} must be text`);
const count = (name: string) =>
  v.pipe(
    v.number(`${name} must be a number`),
    v.finite(`${name} must be finite`),
    v.minValue(0, `${name} is below 0`),
  );
const wholeNumber = (name: string) => v.pipe(count(name), v.safeInteger(`${name} must be a whole number`));
const timestamp = v.optional(
  v.pipe(
    v.string("timestamp must be text"),
    v.check((text) => !Number.isNaN(Date.parse(text)), "timestamp must be an RFC 3339 time"),
  ),
);

const anyObject = (name: string) =>
  v.custom<Record<string, unknown>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    `${name} must be an object`,
  );

/** A name that is one token of a subject: command ids, request ids, message ids. */
export const TokenSchema = v.pipe(
  v.string("the id must be text"),
  v.regex(/^[A-Za-z0-9_-]{1,128}$/, "the id must be 1 to 128 letters, digits, _ or -"),
);

/** The one-word statuses of the wire (contract §6); another word is kept as text and read as `unknown`. */
export const statusWords = [
  "starting",
  "connected",
  "working",
  "idle",
  "waiting",
  "blocked",
  "paused",
  "stopping",
  "stopped",
  "error",
  "disconnected",
  "failed_to_start",
] as const;
/** The words that an agent reports itself; its host or bridge reports the others. */
export const reportedWords = ["working", "idle", "waiting", "blocked", "paused", "error"] as const;
export type StatusWord = (typeof statusWords)[number];

export const HeartbeatSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  config_name: v.optional(shortText("config_name")),
  project_path: v.optional(path("project_path")),
  status: v.optional(shortText("status")),
  current_task: v.nullish(longText("current_task")),
  timestamp,
  instance_id: v.optional(shortText("instance_id")),
  /** An hour at most: with a longer interval, silence would not be noticed. */
  interval_s: v.optional(
    v.pipe(
      v.number("interval_s must be a number"),
      v.gtValue(0, "interval_s must be above 0"),
      v.maxValue(3_600, "interval_s is above 3,600"),
    ),
  ),
  seq: v.optional(count("seq")),
  host: v.optional(shortText("host")),
  pid: v.optional(count("pid")),
  cli: v.optional(shortText("cli")),
  cli_version: v.optional(shortText("cli_version")),
  session_id: v.optional(shortText("session_id")),
  /** Why nothing can hold the agent: its CLI calls no hooks. Empty or absent where something can. */
  unheld: v.optional(shortText("unheld")),
  /** What the CLI may wait for at its own terminal, where it has not begun in time. Empty or absent once it has. */
  waits_at_terminal: v.optional(shortText("waits_at_terminal")),
  /** It was launched with a task, and no prompt has come yet. */
  has_launch_task: v.optional(v.boolean("has_launch_task must be true or false")),
  /** Why what waits in its inbox is not handed to its CLI now. Empty or absent where nothing is in the way. */
  waits_because: v.optional(shortText("waits_because")),
  /** `captain`, or a plain agent. */
  role: v.optional(shortText("role")),
});
export type Heartbeat = v.InferOutput<typeof HeartbeatSchema>;

export const StatusReportSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  status: shortText("status"),
  message: v.nullish(longText("message")),
  current_task: v.nullish(longText("current_task")),
  instance_id: v.optional(shortText("instance_id")),
  timestamp,
});
export type StatusReport = v.InferOutput<typeof StatusReportSchema>;

export const UsageSchema = v.looseObject({
  tokens_used: v.optional(count("tokens_used")),
  estimated_cost: v.optional(count("estimated_cost")),
  failed_tests: v.optional(count("failed_tests")),
  model: v.optional(shortText("model")),
  /** How much of the model's window is filled, and how large that is. */
  context_tokens: v.optional(count("context_tokens")),
  context_window: v.optional(count("context_window")),
  /** Where the agent's CLI had the figures from, such as `results`; absent where they are the agent's own. */
  source: v.optional(shortText("source")),
});
export type Usage = v.InferOutput<typeof UsageSchema>;

/** The kinds of events that say what a session does: domain/fleet/session.ts has what each of them changes. */
export const sessionEventKinds = [
  ...(["session_start", "prompt", "tool_start", "tool_end", "tool_failed", "turn_end"] as const),
  ...(["turn_failed", "permission", "question", "notification", "subagent_start"] as const),
  ...(["subagent_end", "background", "compaction", "usage", "session_end"] as const),
  ...(["tool_denied", "retry", "retry_end"] as const),
] as const;
export type SessionEventKind = (typeof sessionEventKinds)[number];
/** Every kind of event that cliai sends. An event of another kind is kept, and changes nothing. */
export const eventKinds = [
  ...sessionEventKinds,
  // The host refused what a hook asked for.
  ...(["tool_start_refused", "turn_end_refused"] as const),
  "tools_lost",
  // The agent reported it by a tool.
  ...(["progress", "activity"] as const),
] as const;
export type EventKind = (typeof eventKinds)[number] | `${SessionEventKind}_refused`;

/** Why a turn failed. */
export const failureWords = ["authentication", "usage_limit", "overloaded", "server", "other"] as const;
export type FailureWord = (typeof failureWords)[number];

export const AgentEventSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  kind: shortText("kind"),
  tool: v.optional(shortText("tool")),
  detail: v.nullish(longText("detail")),
  tool_use_id: v.optional(shortText("tool_use_id")),
  /** One of {@link failureWords}; another word is kept as text and read as `other`. */
  error: v.optional(shortText("error")),
  /** Of a tool that the CLI's own rules refused: what a person may do so that they allow it. */
  remedy: v.optional(shortText("remedy")),
  instance_id: v.optional(shortText("instance_id")),
  session_id: v.optional(shortText("session_id")),
  /** Of the session's subagents the one that it is about; absent for the session itself. */
  subagent: v.optional(shortText("subagent")),
  /** When the session's host started, in milliseconds since 1970: a larger one is a newer session. */
  generation: v.optional(wholeNumber("generation")),
  /** 1, 2, 3 within a generation: what is not above the last is late or doubled. */
  seq: v.optional(wholeNumber("seq")),
  percent: v.optional(v.pipe(count("percent"), v.maxValue(100, "percent is above 100"))),
  usage: v.optional(UsageSchema),
  /** What the session runs in the background; absent when nothing. With `turn_end`, `turn_failed` and `background`. */
  background: v.optional(
    v.array(v.looseObject({ type: shortText("type"), description: v.optional(longText("description")) })),
  ),
  timestamp,
});
export type AgentEvent = v.InferOutput<typeof AgentEventSchema>;

/** What became of a command, in the order of contract §5. */
export const receiptStates = [
  "stored",
  "delivered",
  "injected",
  "seen",
  "applied",
  "failed",
  "refused",
  "expired",
] as const;
export const ReceiptStateSchema = v.picklist(
  receiptStates,
  `state must be one of ${receiptStates.join(", ")}`,
);
export type ReceiptState = v.InferOutput<typeof ReceiptStateSchema>;

/**
 * Drawn at random by whoever stores an order. Receipts that name it are of that order alone, and not of another one
 * under the same id. It stands in nothing that another agent can read.
 */
const orderToken = v.optional(TokenSchema);

export const ReceiptSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  command_id: TokenSchema,
  token: orderToken,
  state: ReceiptStateSchema,
  route: v.optional(shortText("route")),
  /** The run of the agent (`instance_id`) that was handed it or has shown to have it. */
  run: v.optional(shortText("run")),
  /** The text of a task that stood in the launch of an agent: no order was stored of it. */
  task: v.optional(longText("task")),
  detail: v.nullish(longText("detail")),
  timestamp,
});
export type Receipt = v.InferOutput<typeof ReceiptSchema>;

export const commandTypes = ["stop", "pause", "resume", "task"] as const;
export const CommandTypeSchema = v.picklist(commandTypes, `type must be one of ${commandTypes.join(", ")}`);
export type CommandType = v.InferOutput<typeof CommandTypeSchema>;

export const CommandSchema = v.looseObject({
  type: CommandTypeSchema,
  /** A task's words as text or `{text}`; `{reason?, force?}` for the others. */
  payload: v.optional(
    v.nullable(v.union([v.string(), anyObject("payload")], "payload must be text or an object")),
  ),
  command_id: v.optional(TokenSchema),
  token: orderToken,
  /** Of a stop, a pause, a resume: the run of the agent (`instance_id` of its heartbeats) that it is for. */
  run: v.optional(shortText("run")),
  from: v.optional(shortText("from")),
  issued_at: timestamp,
  expires_at: timestamp,
});
export type Command = v.InferOutput<typeof CommandSchema>;

export const ShutdownSchema = v.looseObject({
  reason: v.nullish(longText("reason")),
  approved: v.optional(v.boolean("approved must be true or false")),
  force: v.optional(v.boolean("force must be true or false")),
  command_id: v.optional(TokenSchema),
  token: orderToken,
  /** As a command's. */
  run: v.optional(shortText("run")),
  deadline_s: v.optional(count("deadline_s")),
});
export type Shutdown = v.InferOutput<typeof ShutdownSchema>;

/**
 * What a message is beside a peer's words: the answer to a request, a request for a captain to decide, a captain's word
 * to all.
 */
export const messageKinds = ["answer", "request", "broadcast"] as const;

export const AgentMessageSchema = v.looseObject({
  message_id: v.optional(TokenSchema),
  token: orderToken,
  from: v.optional(shortText("from")),
  to: v.optional(shortText("to")),
  text: longText("text"),
  reply_to: v.optional(TokenSchema),
  /** The `message_id` of the message that the thread began with. */
  thread: v.optional(TokenSchema),
  kind: v.optional(v.picklist(messageKinds, `kind must be one of ${messageKinds.join(", ")}`)),
  request_id: v.optional(TokenSchema),
});
export type AgentMessage = v.InferOutput<typeof AgentMessageSchema>;

export const ToolCallSchema = v.looseObject({
  request_id: v.optional(TokenSchema),
  agent_id: v.optional(AgentIdSchema),
  tool: shortText("tool"),
  arguments: v.optional(anyObject("arguments"), {}),
  /** The caller's run, as its heartbeats name it: what a run was given and did not confirm is free for the next. */
  instance_id: v.optional(shortText("instance_id")),
  /** Set by a caller that writes the receipts of what it is handed (`takes`) itself, once its CLI has it. */
  confirms: v.optional(v.boolean("confirms must be true or false")),
});
export type ToolCall = v.InferOutput<typeof ToolCallSchema>;

export const ToolResponseSchema = v.looseObject({
  request_id: v.nullish(v.string()),
  success: v.boolean("success must be true or false"),
  result: v.optional(v.unknown()),
  error: v.optional(v.string()),
  /** The ids of the commands and messages that this result hands over. */
  takes: v.optional(v.array(TokenSchema)),
  /** The tokens of those of them that have one, by their ids: for the receipts that the caller writes. */
  tokens: v.optional(v.record(TokenSchema, TokenSchema)),
  /** How many commands and messages wait in the agent's inbox: a reminder to call check_inbox. */
  inbox_waiting: v.optional(count("inbox_waiting")),
});
export type ToolResponse = v.InferOutput<typeof ToolResponseSchema>;

export const alertSeverities = ["info", "warning", "critical"] as const;

/** `dashboard.alert`: one alert for one cause, counted, not repeated. */
export const AlertSchema = v.object({
  alert_id: v.string(),
  kind: v.string(),
  severity: v.picklist(alertSeverities),
  agent_id: v.exactOptional(v.string()),
  message: v.string(),
  first_seen: v.string(),
  last_seen: v.string(),
  count: v.number(),
  /** The beginning of the message that caused it, where one did. */
  sample: v.exactOptional(v.string()),
  /** Set when what it warned of is over; it is then no longer shown as open. */
  resolved_at: v.exactOptional(v.string()),
});
export type Alert = Readonly<v.InferOutput<typeof AlertSchema>>;
