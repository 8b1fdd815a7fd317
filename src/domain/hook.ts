// The hooks of an agent CLI and their answers, in types that fit every CLI. A folder of src/agents translates one CLI's
// hooks; src/host decides the answers.
import type { Question } from "./questions.ts";
import type { SessionEventKind } from "./wire/event-messages.ts";

/**
 * The first word of a notification's detail, where it says something of the state: what the session waits for, that a person
 * has answered it, or that it waits for a prompt. A CLI's own words for these are put into ours in its folder.
 */
export const notificationMeanings = {
  permission_prompt: "permission",
  elicitation_dialog: "answer",
  permission_response: "answered",
  elicitation_response: "answered",
  idle_prompt: "idle",
} as const;
export type NotificationWord = keyof typeof notificationMeanings;

/** What goes out as `agent.{id}.event` (contract §3). */
export interface HookFacts {
  readonly kind: SessionEventKind;
  readonly tool?: string | undefined;
  readonly detail?: string | undefined;
  readonly tool_use_id?: string | undefined;
  readonly error?: string | undefined;
  readonly session_id?: string | undefined;
  /** Whose tool it is, where a subagent of the session calls it. */
  readonly subagent?: string | undefined;
}

/** A hook as a whole: the facts, and what only the host of the session needs. It holds the user's own words: never logged. */
export interface Hook {
  readonly facts: HookFacts;
  /** The words of a prompt. */
  readonly prompt?: string | undefined;
  readonly tool?: HookTool | undefined;
  /** The CLI's own record of the session, a file of JSON Lines. */
  readonly transcriptPath?: string | undefined;
  /** What the model said last, at the end of a turn. */
  readonly lastWords?: string | undefined;
  /** The turn goes on because its end was held back before. */
  readonly isHeldBack?: boolean | undefined;
  /** At the end of a turn: what goes on in the background; absent where the CLI does not say. */
  readonly background?: readonly BackgroundTask[] | undefined;
  /** The CLI says that it waits for its user: no turn runs, though no hook told of its end. */
  readonly isIdle?: boolean;
  /** Which prompt it belongs to, where the CLI says so. */
  readonly promptId?: string | undefined;
  /** It is not the session itself that is at this, but a subagent of it. */
  readonly isSubagent: boolean;
}

export interface HookTool {
  readonly name: string;
  readonly input: unknown;
  readonly result?: unknown;
  /** Of our own MCP server. */
  readonly isOwn: boolean;
  /** Where it asks the user: what it asks. None where that cannot be read. */
  readonly questions?: readonly Question[] | undefined;
  /** Where it asks the user to approve a plan: that plan, as far as it is told. */
  readonly plan?: string | undefined;
}

export type HookAnswer = HookVerdict & {
  /** The ids of the messages whose words it carries: given to the CLI once it has this answer. */
  readonly takes?: readonly string[] | undefined;
};

type HookVerdict =
  /** As if there were no hook. */
  | { readonly type: "go" }
  /** The tool is not run; the model is told why. */
  | { readonly type: "deny"; readonly reason: string }
  /** The model is told this besides. */
  | { readonly type: "add"; readonly text: string }
  /** The turn does not end; the model goes on with these words. */
  | { readonly type: "hold_back"; readonly reason: string }
  /** A permission that was asked for is given, or not. */
  | { readonly type: "permit" }
  /** What the tool asks the user is answered: one for each question, in their order. */
  | { readonly type: "answer"; readonly answers: readonly string[] }
  | { readonly type: "forbid"; readonly reason: string };

/** What runs beside the session's turns, and goes on when they have ended. */
export interface BackgroundTask {
  readonly id: string;
  readonly type: "shell" | "subagent" | "task";
  readonly description?: string | undefined;
}

/** What the session shows of itself by its stream or by its own record, and not by a hook. */
export type SessionSign = {
  /** When the CLI wrote it, RFC 3339: its record may be read after a later hook. */
  readonly at?: string | undefined;
} & Sign;

type Sign =
  /** The text is in the conversation, and goes to the model with the next request. */
  | { readonly type: "taken"; readonly text: string }
  /** A request has gone to the model, or been answered, with all that was in the conversation. */
  | { readonly type: "answer" }
  /** A hook of the user's kept a prompt from the model. `text` has the prompt, where the CLI says it. */
  | { readonly type: "refused"; readonly text: string; readonly reason: string }
  /** The turn is over: no hook of the user's keeps it going. */
  | { readonly type: "turn_end" }
  /** All that runs in the background now. */
  | { readonly type: "background"; readonly tasks: readonly BackgroundTask[] }
  /** One of those has ended. */
  | { readonly type: "background_end"; readonly id: string };

/** What the CLI says of a turn that is over. */
export interface TurnResult {
  readonly isError: boolean;
  /** Whether a request went to the model, and was answered. */
  readonly wasAsked: boolean;
  /** The last words of the model, or why it failed. */
  readonly text: string;
}

/** What the host of a session has to know of the CLI. */
export interface SessionCli {
  /**
   * Hands the session a text by the socket on which it takes messages; absent for a CLI that has none. `now` cuts the running
   * tool off. Resolves when the session's end of the socket has the whole text; rejects when it has not.
   */
  readonly writeToSocket?: (
    socket: { readonly path: string; readonly token?: string | undefined },
    text: string,
    priority: "next" | "now",
  ) => Promise<void>;
  /** @throws CliaiError `message_invalid`; undefined for a hook that says nothing to us */
  readonly readHook: (payload: unknown) => Hook | undefined;
  readonly buildHookAnswer: (hook: Hook, answer: HookAnswer) => unknown;
  /** What a line of the session's record shows, in order. */
  readonly readRecordLine: (line: unknown) => readonly SessionSign[];
  /** Where a line of the session's record says that its user has broken a turn off: which prompt that turn was of. */
  readonly readInterruption?: (line: unknown) => { readonly promptId: string } | undefined;
  /** The tool calls whose results a line of a record has. */
  readonly readToolResults?: (line: unknown) => readonly string[];
  /** Where a subagent's own record is, beside the session's. */
  readonly subagentRecord?: (transcriptPath: string | undefined, subagent: string) => string | undefined;
  /** Reads what the CLI exports of its own requests to the model. */
  readonly readTelemetry: (payload: unknown) => readonly ModelRequest[];
}

/** One request of the CLI to its model, in its own figures. */
export interface ModelRequest {
  readonly id: string;
  readonly model: string | undefined;
  /** All that the model was given and gave. */
  readonly tokens: number;
  readonly context_tokens: number;
  /** US dollars, the CLI's own estimate. */
  readonly cost: number;
  /** Of the conversation itself, and not a title or a summary beside it. */
  readonly isConversation: boolean;
}
