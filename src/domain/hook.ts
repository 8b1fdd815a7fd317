// The hooks of an agent CLI and their answers, in types that fit every CLI. A folder of src/agents translates one CLI's
// hooks; src/host decides the answers.
import type { Question } from "./questions.ts";
import type { FailureWord, SessionEventKind } from "./wire/event-messages.ts";

/**
 * The first words of a notification's detail, and the state that each of them tells: the session waits for something, a person has answered, or
 * the session waits for a prompt. The folder of each CLI translates the CLI's own words into these.
 */
export const notificationMeanings = {
  permission_prompt: "permission",
  elicitation_dialog: "answer",
  permission_response: "answered",
  elicitation_response: "answered",
  idle_prompt: "idle",
} as const;
export type NotificationWord = keyof typeof notificationMeanings;

/** The part of a hook that is published as `agent.{id}.event`. */
export interface HookFacts {
  readonly kind: SessionEventKind;
  readonly tool?: string | undefined;
  readonly detail?: string | undefined;
  readonly tool_use_id?: string | undefined;
  readonly error?: string | undefined;
  /** For a tool that the CLI's own rules refused: what would allow it. */
  readonly remedy?: string | undefined;
  /** With the error `usage_limit`: when the limit ends, RFC 3339, if that is known. */
  readonly limit_resets_at?: string | undefined;
  readonly session_id?: string | undefined;
  /** The id of the subagent that calls the tool; absent for the session itself. */
  readonly subagent?: string | undefined;
}

/** A whole hook: the facts, and what only the host needs. It contains the user's own words, so it must never be logged. */
export interface Hook {
  readonly facts: HookFacts;
  /** The text of a prompt. */
  readonly prompt?: string | undefined;
  readonly tool?: HookTool | undefined;
  /** The path of the CLI's own record of the session, a file of JSON Lines. */
  readonly transcriptPath?: string | undefined;
  /** The model's last message, at the end of a turn. */
  readonly lastWords?: string | undefined;
  /** Whether the turn only goes on because the host has held back its end before. */
  readonly isHeldBack?: boolean | undefined;
  /** At the end of a turn: what runs in the background; absent if the CLI does not say. */
  readonly background?: readonly BackgroundTask[] | undefined;
  /** Whether the CLI says that it waits for its user. Then no turn runs, even if no hook told its end. */
  readonly isIdle?: boolean;
  /** The CLI's id of the prompt to which the hook belongs, if it gives one. */
  readonly promptId?: string | undefined;
  /** When the CLI called the hook, RFC 3339; absent if it does not say. */
  readonly at?: string | undefined;
  /** Whether the hook comes from a subagent, not from the session itself. */
  readonly isSubagent: boolean;
  /** Whether the CLI waits for the answer without a limit of its own. If not, the host answers within `holdMs`, even while the agent is paused. */
  readonly waitsLong?: boolean;
}

export interface HookTool {
  readonly name: string;
  readonly input: unknown;
  readonly result?: unknown;
  /** Whether it is a tool of cliai's MCP server. */
  readonly isOwn: boolean;
  /** The files that the call changes, as the CLI names them: absolute, or relative to the agent's directory. Absent if it changes none. */
  readonly files?: readonly string[] | undefined;
  /** The questions of a tool that asks the user; empty if they cannot be read. */
  readonly questions?: readonly Question[] | undefined;
  /** The plan of a tool that asks the user to approve one; "" if it cannot be read. */
  readonly plan?: string | undefined;
  /** What the CLI offers to allow, in its words, if that is more than this call; absent if it can allow this call alone. */
  readonly grants?: string | undefined;
}

export type HookAnswer = HookVerdict & {
  /** The ids of the messages whose text the answer contains. They are handed over once the CLI has the answer. */
  readonly takes?: readonly string[] | undefined;
};

type HookVerdict =
  /** The CLI goes on as if there were no hook. */
  | { readonly type: "go" }
  /** The CLI does not run the tool, and tells the model the reason. */
  | { readonly type: "deny"; readonly reason: string }
  /** The CLI asks at its terminal whether the tool may run, for the reason, and waits for as long as that takes. */
  | { readonly type: "ask"; readonly reason: string }
  /** The CLI gives the model this text in addition. */
  | { readonly type: "add"; readonly text: string }
  /** The turn does not end; the model goes on with this text. */
  | { readonly type: "hold_back"; readonly reason: string }
  /** The permission is given. */
  | { readonly type: "permit" }
  /** The answers to the tool's questions, one for each, in their order. */
  | { readonly type: "answer"; readonly answers: readonly string[] }
  /** The permission is refused. */
  | { readonly type: "forbid"; readonly reason: string };

/** A task that runs in the background, and goes on when the turn has ended. */
export interface BackgroundTask {
  readonly id: string;
  readonly type: "shell" | "subagent" | "task";
  readonly description?: string | undefined;
}

/** Something that the session shows by its stream or by its own record, and not by a hook. */
export type SessionSign = {
  /** When the CLI wrote it, RFC 3339. Needed because the record may be read after a later hook came. */
  readonly at?: string | undefined;
} & Sign;

type Sign =
  /** The text is in the conversation, and goes to the model with the next request. `id`: the order's id, if the CLI keeps it. */
  | { readonly type: "taken"; readonly text: string; readonly id?: string | undefined }
  /**
   * A request with the whole conversation has gone to the model, or the model has answered. `words`: what it said, if the CLI tells it here.
   * `callsTool`: whether it calls a tool, so that its turn goes on.
   */
  | { readonly type: "answer"; readonly words?: string | undefined; readonly callsTool?: boolean | undefined }
  /** One of the user's hooks kept a prompt from the model. `text` is the prompt; "" if the CLI does not tell it. */
  | { readonly type: "refused"; readonly text: string; readonly reason: string }
  /** The turn is over, and none of the user's hooks keeps it going. */
  | { readonly type: "turn_end" }
  /** The turn is over because it has failed. */
  | { readonly type: "turn_failed"; readonly detail: string; readonly error: FailureWord }
  /** The person at its terminal has broken off the turn. Its tasks go on with the next one. */
  | { readonly type: "interrupted" }
  /** The list of everything that runs in the background now. */
  | { readonly type: "background"; readonly tasks: readonly BackgroundTask[] }
  /** A background task has ended. */
  | { readonly type: "background_end"; readonly id: string }
  /** A usage limit of the model's service is reached: when it ends, in ms since 1970. */
  | { readonly type: "limit"; readonly resetsAtMs: number }
  /** The CLI is about to make a request to its model again: `4/10: 401 authentication_failed`. */
  | ({ readonly type: "retry" } & RetryShown)
  /** The CLI's own rules refused a tool. */
  | ({ readonly type: "denied" } & DeniedCall)
  /** The model calls a tool. */
  | { readonly type: "called"; readonly toolUseId: string; readonly tool: string }
  /** The CLI itself did not run a call, for example because its arguments are wrong. It may have called no hook for that call. */
  | { readonly type: "not_run"; readonly toolUseId: string; readonly words: string };

/** A request to the model that the CLI repeats. `detail`: such as `4/10: 401 authentication_failed`. */
export interface RetryShown {
  readonly detail: string;
  readonly error: FailureWord;
  /** With the error `usage_limit`: when the limit ends, RFC 3339, if that is known. */
  readonly limit_resets_at?: string | undefined;
  /** What a person can do about it: `log in: codex login`. */
  readonly remedy?: string | undefined;
}

/** Whether a tool call may run. */
export interface ToolDecision {
  readonly toolUseId: string;
  readonly isAllowed: boolean;
}

/** A tool call that the CLI's own rules refused. */
export interface DeniedCall {
  readonly toolUseId: string;
  /** What the CLI told its model. */
  readonly words: string;
  /** What refused the call, in the CLI's own word, if it gives one. */
  readonly by?: string | undefined;
}

/** For a person: why the CLI's own rules refused a tool (`detail`), and what would allow it (`remedy`). */
export interface ToolDenial {
  readonly detail: string;
  readonly remedy: string;
}

/** The CLI's result of a turn that is over. */
export interface TurnResult {
  readonly isError: boolean;
  /** Whether a request went to the model and was answered. */
  readonly wasAsked: boolean;
  /** The model's last message, or why the turn failed. */
  readonly text: string;
  /** The model's last message, if the turn ended by itself with one. */
  readonly said?: string;
  /** Why the turn failed, if the CLI tells that. */
  readonly error?: FailureWord;
  /** What a person can do about it. */
  readonly remedy?: string | undefined;
}

/** One request of the CLI to its model, with the CLI's own figures. What the CLI does not tell is left out. */
export interface ModelRequest {
  /** The id by which a request that is told twice is counted once. */
  readonly id?: string | undefined;
  readonly model?: string | undefined;
  /** Input and output tokens together. */
  readonly tokens: number;
  /** Input tokens. */
  readonly context_tokens?: number | undefined;
  /** The size of the model's context window. */
  readonly context_window?: number | undefined;
  /** The CLI's own estimate, in US dollars. */
  readonly cost?: number | undefined;
  /** Whether the request belongs to the conversation, not to a title or a summary. */
  readonly isConversation: boolean;
}
