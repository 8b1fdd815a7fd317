// This room is the wire: subjects, message schemas, decoding, the table of tools.
//
// One schema for each message on the wire (contract §3); the types are inferred from the schemas. Unknown fields are kept.
// Here: heartbeats, statuses, receipts and alerts. In files of their own: events, orders, calls of tools. decode.ts decodes bytes.
import * as v from "valibot";
import { AgentIdSchema } from "./agent-id.ts";
import { count, longText, orderToken, path, shortText, TokenSchema, timestamp } from "./fields.ts";

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
  "crashed",
  "ended",
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
