// This room is the wire: subjects, message schemas, decoding, the table of tools.
//
// The schemas of heartbeats, status reports, receipts and alerts; the types are inferred from them. Unknown fields are kept.
// Events, orders and tool calls have files of their own. `decode.ts` decodes bytes.
import * as v from "valibot";
import { OnLimitSchema } from "../limits/on-limit.ts";
import { WatchdogSchema } from "../watchdog/watchdog-keys.ts";
import { AgentIdSchema } from "./agent-id.ts";
import { count, longText, orderToken, path, shortText, TokenSchema, timestamp } from "./fields.ts";
import { ModelRequestSchema } from "./model-request.ts";

/** The words of a reported status. Another word is kept as text, and counts as `unknown`. */
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

export const HeartbeatSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  config_name: v.optional(shortText("config_name")),
  project_path: v.optional(path("project_path")),
  status: v.optional(shortText("status")),
  current_task: v.nullish(longText("current_task")),
  timestamp,
  instance_id: v.optional(shortText("instance_id")),
  /** An hour at most, because with a longer interval nobody would notice that an agent is silent. */
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
  /** The agent CLI that cliai has launched, as its profile's `cli` names it, and its release. `cli` is what it calls itself as an MCP client. */
  agent_cli: v.optional(shortText("agent_cli")),
  agent_cli_version: v.optional(shortText("agent_cli_version")),
  /** `terminal` or `headless`. */
  session_mode: v.optional(shortText("session_mode")),
  /** Why the host cannot hold the agent's tool calls. "" or absent if it can. */
  unheld: v.optional(shortText("unheld")),
  /** What the CLI may be waiting for at its own terminal, if it has not begun in time. "" or absent once it has begun. */
  waits_at_terminal: v.optional(shortText("waits_at_terminal")),
  /** Whether the terminal on which the CLI runs was closed, so that nobody can see or answer what it shows there. */
  terminal_closed: v.optional(v.boolean("terminal_closed must be true or false")),
  /** The branch of the git worktree that was made for the agent, in which `project_path` is; absent without one. */
  worktree_branch: v.optional(shortText("worktree_branch")),
  /** The beginning of the task that the agent was launched with. */
  launch_task: v.optional(longText("launch_task")),
  /** Whether the agent was launched with a task, and no prompt has come yet. */
  has_launch_task: v.optional(v.boolean("has_launch_task must be true or false")),
  /** Why the items in the agent's inbox are not handed to its CLI now. "" or absent if there is no reason. */
  waits_because: v.optional(shortText("waits_because")),
  /** What becomes of the agent's request to its model server; absent if it works on none that its host knows. */
  model_request: v.optional(ModelRequestSchema),
  /** Whose usage limits the agent shares: the same text for agents of one account, and never the account's key or name. */
  account: v.optional(shortText("account")),
  /** What the agent does at a usage limit; absent: as serve is set. */
  on_limit: v.optional(OnLimitSchema),
  /** Agents with a higher number go on first after a usage limit. Default 0. */
  priority: v.optional(v.number("priority must be a number")),
  /** What the watchdog of the agent's profile looks for; absent if it has none. */
  watchdog: v.optional(WatchdogSchema),
  /** The tags of the agent's profile. */
  tags: v.optional(v.pipe(v.array(shortText("tags"), "tags must be a list of texts"), v.readonly())),
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
  /** `host`: the run's host has ended without a goodbye. The serve on its machine reports that. */
  ended_with: v.optional(v.literal("host", "ended_with must be host")),
  timestamp,
});
export type StatusReport = v.InferOutput<typeof StatusReportSchema>;

/** The states of an order, in the order in which they come. */
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
  /** The run (`instance_id`) to which the order was handed, or which has shown to have it. */
  run: v.optional(shortText("run")),
  /** The text of a task that was part of an agent's launch, and so was not stored as an order. */
  task: v.optional(longText("task")),
  detail: v.nullish(longText("detail")),
  /** How the task's run was lost; only in a `failed` that serve writes, because the lost run cannot write it. */
  run_ended: v.optional(longText("run_ended")),
  timestamp,
});
export type Receipt = v.InferOutput<typeof ReceiptSchema>;

export const alertSeverities = ["info", "warning", "critical"] as const;

/** `dashboard.alert`: one alert for each cause, counted instead of repeated. */
export const AlertSchema = v.object({
  alert_id: v.string(),
  kind: v.string(),
  severity: v.picklist(alertSeverities),
  agent_id: v.exactOptional(v.string()),
  /** What it is about if there can be several of a kind at once, such as the id of a budget. */
  about: v.exactOptional(v.string()),
  message: v.string(),
  first_seen: v.string(),
  last_seen: v.string(),
  count: v.number(),
  /** The beginning of the message that caused the alert, if a message did. */
  sample: v.exactOptional(v.string()),
  /** When the alert ended; it is then no longer shown as open. */
  resolved_at: v.exactOptional(v.string()),
});
export type Alert = Readonly<v.InferOutput<typeof AlertSchema>>;
