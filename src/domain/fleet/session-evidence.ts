// The evidence about one session of an agent's CLI, from its events. `session.ts` makes it, `session-reading.ts` reads it.
import type { FailureWord } from "../wire/event-messages.ts";

/** All times are RFC 3339, by the clock of the stream AUDIT. */
export interface SessionEvidence {
  readonly instance_id?: string;
  readonly session_id?: string;
  /** The numbers of the last event; both are absent if the session's events have no numbers. */
  readonly generation?: number;
  readonly seq?: number;
  /** The generation that this one has replaced although it is higher, because the clock was set back. */
  readonly after_generation?: number;
  readonly started_at: string;
  readonly last_event_at: string;
  readonly last_prompt_at?: string;
  /** The present turn or, if it has an end, the last turn. A prompt while a turn is open begins the turn anew. */
  readonly turn?: { readonly since: string; readonly ended_at?: string };
  /** The tools that have begun and not ended, oldest first; at most the last 16. */
  readonly tools: readonly ToolInFlight[];
  /** What runs in the background, by the last event that told it; absent if nothing does. At most the first 16. */
  readonly background?: readonly BackgroundWork[];
  /** What waits for a person, oldest first, each until its own end; absent if nothing does. At most the last 16. */
  readonly waits?: readonly WaitingForPerson[];
  /** The last failure of a tool, and how often it came in a row. */
  readonly failure?: ToolFailure;
  /** Why the last turn failed, until the next prompt or a turn that ends well. */
  readonly turn_error?: TurnError;
  /** The last tool that the CLI's own rules refused, until the next prompt. */
  readonly denied?: DeniedTool;
  /** Set while the CLI repeats a request to its model by itself; absent once it goes on. */
  readonly retry?: Retry;
  /** When the model last answered a request that the CLI had repeated at a usage limit. */
  readonly limit_passed_at?: string;
  /** Set while the agent has none of cliai's tools, because cliai's MCP server beside its CLI is gone. */
  readonly tools_lost?: ToolsLost;
  /** Set if an earlier run had a turn in the same conversation. */
  readonly is_continued?: true;
  readonly ended?: { readonly at: string; readonly reason: string };
}

export interface ToolInFlight {
  readonly tool: string;
  readonly tool_use_id?: string;
  readonly since: string;
}

export interface BackgroundWork {
  /** `shell`, `subagent`, or another word. */
  readonly type: string;
  readonly description?: string;
}

/** A wait of the session itself, or of a subagent (`subagent`), which may outlast the session's turn. */
export interface WaitingForPerson {
  readonly since: string;
  readonly what: "permission" | "answer";
  readonly subagent?: string;
  /** Absent if the CLI has only said that it waits. */
  readonly tool?: string;
  readonly tool_use_id?: string;
  readonly detail: string;
}

export interface ToolFailure {
  readonly tool: string;
  readonly detail: string;
  readonly count: number;
  /** When the first of them came. */
  readonly at: string;
}

export interface DeniedTool {
  readonly tool: string;
  readonly detail: string;
  readonly remedy?: string;
  /** How many tools were refused since the last prompt. */
  readonly count: number;
  /** When the first of them was. */
  readonly at: string;
}

export interface TurnError {
  readonly error: FailureWord;
  readonly detail: string;
  readonly remedy?: string;
  /** When the usage limit ends that the turn has reached, RFC 3339; absent if that is not known. */
  readonly limit_resets_at?: string;
  readonly at: string;
}

export interface Retry {
  /** `4/10: 401 authentication_failed`. */
  readonly detail: string;
  readonly error: FailureWord;
  readonly remedy?: string;
  /** With the error `usage_limit`: when the limit ends, RFC 3339; absent if that is not known. */
  readonly limit_resets_at?: string;
  /** When the first try began. */
  readonly since: string;
  /** When the last of them was told. */
  readonly at?: string;
}

export interface ToolsLost {
  readonly detail: string;
  /** Absent if the CLI starts the server again by itself. */
  readonly remedy?: string;
  readonly at: string;
}

export function isTurnOpen({ turn }: SessionEvidence): boolean {
  return turn !== undefined && turn.ended_at === undefined;
}

/** Whether the CLI has stored the conversation, so that it can be resumed. It does so only with the first prompt. */
export function hasConversation({ turn, is_continued }: SessionEvidence): boolean {
  return turn !== undefined || is_continued === true;
}
