// The schemas of `agent.ID.event`: what an agent's session did, and what it has used.
import * as v from "valibot";
import { AgentIdSchema } from "./agent-id.ts";
import { count, longText, path, shortText, timestamp, wholeNumber } from "./fields.ts";

export const UsageSchema = v.looseObject({
  tokens_used: v.optional(count("tokens_used")),
  estimated_cost: v.optional(count("estimated_cost")),
  failed_tests: v.optional(count("failed_tests")),
  model: v.optional(shortText("model")),
  /** How many tokens of the model's context window are filled; `context_window` is its size. */
  context_tokens: v.optional(count("context_tokens")),
  context_window: v.optional(count("context_window")),
  /** How many of `tokens_used` an earlier run has used: the CLI has restored them with the session. Default: 0. */
  restored_tokens: v.optional(count("restored_tokens")),
  /** Where the CLI's figures come from, such as `results`; absent for figures that the agent reports itself. */
  source: v.optional(shortText("source")),
});
export type Usage = v.InferOutput<typeof UsageSchema>;

/** The kinds of events that tell what a session does. `src/domain/fleet/session.ts` says what each of them changes. */
export const sessionEventKinds = [
  ...(["session_start", "prompt", "tool_start", "tool_end", "tool_failed", "turn_end"] as const),
  ...(["turn_failed", "permission", "question", "notification", "subagent_start"] as const),
  ...(["subagent_end", "background", "compaction", "usage", "session_end"] as const),
  ...(["tool_denied", "retry", "retry_end", "said"] as const),
] as const;
export type SessionEventKind = (typeof sessionEventKinds)[number];

/** The kinds by which the host tells whether the agent has cliai's tools. They also change what is known of the session. */
export const toolsEventKinds = ["tools_lost", "tools_back"] as const;
export type ToolsEventKind = (typeof toolsEventKinds)[number];

/** All kinds of events that cliai sends. An event of another kind is stored, but changes nothing. */
export const eventKinds = [
  ...sessionEventKinds,
  // The host refused what a hook asked for.
  ...(["tool_start_refused", "turn_end_refused"] as const),
  ...toolsEventKinds,
  // Somebody has typed at its terminal from elsewhere.
  "typed",
  // What was typed; only with `serve --audit-keystrokes`.
  "typed_keys",
  // Entries of the agent's transcript could not be stored.
  "transcript_lost",
  // The agent reported it by a tool.
  ...(["progress", "activity"] as const),
] as const;
export type EventKind = (typeof eventKinds)[number] | `${SessionEventKind}_refused`;

/** Why a turn failed. */
export const failureWords = [
  ...(["authentication", "usage_limit", "overloaded", "server"] as const),
  // The conversation is too long for the model; the model's provider refuses the request.
  ...(["context", "refused", "other"] as const),
] as const;
export type FailureWord = (typeof failureWords)[number];

/** So many files of one event count. */
export const mostFiles = 100;

/** A file that a tool has changed. */
const TouchedFileSchema = v.looseObject({
  /** Absolute, with symbolic links resolved. */
  path: path("path"),
  /** If it is in a git repository: the root of the checkout, and the directory that all worktrees of the repository have in common. */
  root: v.exactOptional(path("root")),
  repository: v.exactOptional(path("repository")),
  /** The agent that has reserved it, if the host has heard of one. */
  reserved_by: v.exactOptional(shortText("reserved_by")),
});
export type TouchedFile = Readonly<v.InferOutput<typeof TouchedFileSchema>>;

export const AgentEventSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  kind: shortText("kind"),
  tool: v.optional(shortText("tool")),
  detail: v.nullish(longText("detail")),
  tool_use_id: v.optional(shortText("tool_use_id")),
  /** One of {@link failureWords}; another word is kept as text and read as `other`. */
  error: v.optional(shortText("error")),
  /** What a person can do, so that the CLI's own rules allow the tool, the model's service answers, or cliai's tools are back. */
  remedy: v.optional(shortText("remedy")),
  /** With the error `usage_limit`: when the limit ends. Absent if that is not known. */
  limit_resets_at: timestamp,
  instance_id: v.optional(shortText("instance_id")),
  session_id: v.optional(shortText("session_id")),
  /** The id of the subagent that the event is about; absent for the session itself. */
  subagent: v.optional(shortText("subagent")),
  /** When the session's host started, in milliseconds since 1970: a larger one is a newer session. */
  generation: v.optional(wholeNumber("generation")),
  /** 1, 2, 3 … within a generation. An event whose number is not above the last one is late or doubled. */
  seq: v.optional(wholeNumber("seq")),
  percent: v.optional(v.pipe(count("percent"), v.maxValue(100, "percent is above 100"))),
  usage: v.optional(UsageSchema),
  /** With `tool_end`: the files that the tool has changed; absent if none. Reading a file does not change it. */
  files: v.optional(
    v.pipe(v.array(TouchedFileSchema), v.maxLength(mostFiles, `more than ${mostFiles} files`)),
  ),
  /** With `transcript_lost`: how many entries were lost since the event before. */
  lost_entries: v.optional(wholeNumber("lost_entries")),
  /** What the session runs in the background; absent if nothing. Only with `turn_end`, `turn_failed` and `background`. */
  background: v.optional(
    v.array(v.looseObject({ type: shortText("type"), description: v.optional(longText("description")) })),
  ),
  timestamp,
});
export type AgentEvent = v.InferOutput<typeof AgentEventSchema>;
