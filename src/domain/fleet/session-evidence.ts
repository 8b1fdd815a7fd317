// The evidence of one session of an agent's CLI: what its events have told. session.ts makes it, session-reading.ts reads it.
import type { FailureWord } from "../wire/event-messages.ts";

/** All times are those of the stream that the events came by, RFC 3339. */
export interface SessionEvidence {
  readonly instance_id?: string;
  readonly session_id?: string;
  /** The last event taken in; both are absent for a session that was told of without numbers. */
  readonly generation?: number;
  readonly seq?: number;
  /** The higher generation that this one took the place of, as after the clock was set back. */
  readonly after_generation?: number;
  readonly started_at: string;
  readonly last_event_at: string;
  readonly last_prompt_at?: string;
  /** The present turn or, with its end, the last one. A prompt into a turn that is open begins it anew. */
  readonly turn?: { readonly since: string; readonly ended_at?: string };
  /** Begun and not ended, oldest first; of many the last 16. */
  readonly tools: readonly ToolInFlight[];
  /** What goes on in the background when no turn is open, by the last word about it; absent when nothing does. Of many the first 16. */
  readonly background?: readonly BackgroundWork[];
  /** What waits for a person, oldest first, each until its own end; absent when nothing does. Of many the last 16. */
  readonly waits?: readonly WaitingForPerson[];
  /** The last failure of a tool, and how often it came in a row. */
  readonly failure?: ToolFailure;
  /** Why the last turn failed, until the next prompt or a turn that ends well. */
  readonly turn_error?: { readonly error: FailureWord; readonly detail: string; readonly at: string };
  /** The last tool that the CLI's own rules refused, until the next prompt. */
  readonly denied?: DeniedTool;
  /** The CLI asks its model again, by itself; absent once it goes on. */
  readonly retry?: Retry;
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

/** One of the session itself, or of a subagent: those go on when the session's turn has ended. */
export interface WaitingForPerson {
  readonly since: string;
  readonly what: "permission" | "answer";
  readonly subagent?: string;
  /** Absent where the CLI has said no more than that it waits. */
  readonly tool?: string;
  readonly tool_use_id?: string;
  readonly detail: string;
}

export interface ToolFailure {
  readonly tool: string;
  readonly detail: string;
  readonly count: number;
  readonly at: string;
}

export interface DeniedTool {
  readonly tool: string;
  readonly detail: string;
  readonly remedy?: string;
  /** How many tools were refused since the last prompt. */
  readonly count: number;
  readonly at: string;
}

export interface Retry {
  /** `4/10: 401 authentication_failed`. */
  readonly detail: string;
  readonly error: FailureWord;
  /** When the first of them began. */
  readonly since: string;
}

export function isTurnOpen({ turn }: SessionEvidence): boolean {
  return turn !== undefined && turn.ended_at === undefined;
}
