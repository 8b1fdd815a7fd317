// The session of a CLI that was started with pipes: what it tells the host, and what the host can do with it. Each CLI's folder
// translates its own protocol into this.
import type { Readable, Writable } from "node:stream";
import type { Hook, HookAnswer, HookFacts, ModelRequest, SessionSign, TurnResult } from "../domain/hook.ts";
import type { RouteName } from "../domain/route-names.ts";
import type { Usage } from "../domain/wire/event-messages.ts";
import type { Logger } from "../log.ts";
import type { AgentLaunch, HookPlace } from "./agent-launch.ts";

/** The pipes to the CLI, what it was launched for, and who listens to its session. */
export interface SessionPipes extends SessionListener {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly launch: AgentLaunch & { readonly hooks: HookPlace };
  readonly log: Logger;
}

/** The host, as the session sees it. */
export interface SessionListener {
  /** The CLI has told the id of its session, by which it can be resumed. */
  readonly onSession: (id: string) => void;
  /**
   * Takes what the session does, and resolves with what the host answers; never rejects. What needs an answer waits for it: a tool that is
   * about to start (`tool_start`), a permission, a question, the end of a turn. The signal aborts when the CLI no longer waits for the
   * answer, such as when the person at its terminal has given one first.
   */
  readonly onHook: (hook: Hook, signal?: AbortSignal) => Promise<HookAnswer>;
  /**
   * Resolves at once, unless the agent is paused; then when it is let go, when it is being stopped, or when the signal aborts. A session that
   * begins a prompt by itself waits for it first, because nothing may hold what the prompt leads to.
   */
  readonly whenLetGo: (signal: AbortSignal) => Promise<void>;
  /** Takes what the session has done, and what needs no answer. */
  readonly observe: (hook: Hook) => void;
  readonly onEvent: (event: HookFacts & { readonly usage?: Usage }) => void;
  readonly onSign: (sign: SessionSign) => void;
  /** Takes what one request to the model has used. Figures that the CLI does not tell are left out. */
  readonly onUsage: (request: ModelRequest) => void;
  /** Takes each text that the session's model writes, as it comes. */
  readonly onWords: (words: string) => void;
  /** Takes the CLI's result at the end of a turn. */
  readonly onResult: (result: TurnResult) => void;
}

/**
 * What became of a text. `started`: it began a turn. `steered`: it joins the turn that runs. `queued`: the CLI keeps it for a turn of its
 * own. `busy`: the CLI has not got it, because a turn runs that the text would break off; give it again when the turn is over.
 */
export type Said = "started" | "steered" | "queued" | "busy";

/** What a CLI on a terminal was launched for, and who listens to what it tells beside it. */
export interface InputPlace extends Pick<SessionListener, "onHook" | "onEvent"> {
  readonly launch: Pick<AgentLaunch, "dir">;
  readonly log: Logger;
}

/** What a CLI on a terminal has beside it for texts from other programs. */
export interface SessionInput {
  /** Gives the session a text as its user's: it begins a turn, or joins the turn that runs. */
  submit(text: string): Promise<void>;
  /** Whether it tells the host what the CLI asks at its terminal, each as a hook `permission`, and passes the answer on. */
  readonly tellsAsked: boolean;
  /** The CLI has ended. */
  stop(): void;
}

export interface LiveSession {
  /** The route that receipts name for what is said to this session. */
  readonly route: RouteName;
  /**
   * Resolves when the session takes texts, or has ended. Rejects with CliaiError `cli_missing` if the session cannot be opened, or if the
   * CLI refuses what holds its tools.
   */
  readonly whenReady: Promise<void>;
  /** Whether each tool waits for the host's answer before it starts. If not, a pause cannot hold them. Known once it is ready. */
  readonly carriesHooks: boolean;
  /** Whether of its tools only those wait for the host's answer that ask for a permission. A pause then also holds what is said to it. */
  readonly holdsOnlyAsked?: boolean;
  /**
   * Gives the model a text. Rejects if the CLI takes none any more.
   * @param id of the order whose text it is: a CLI that keeps ids of messages tells it again by the sign `taken`
   */
  say(text: string, id?: string): Promise<Said>;
  /** Interrupts what the CLI is doing. Resolves with false if it does not answer. */
  interrupt(): Promise<boolean>;
  /** Asks the CLI to end in its own way, before it is ended by signals. Absent if a signal is its own way. */
  end?(): Promise<void>;
}
