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
   * Takes a hook of the session, and resolves with the host's answer; never rejects. The session waits for the answer if a tool is about to
   * start (`tool_start`), for a permission, for a question, and at the end of a turn. The signal aborts when the CLI no longer waits, for
   * example because the person at its terminal has answered first.
   */
  readonly onHook: (hook: Hook, signal?: AbortSignal) => Promise<HookAnswer>;
  /**
   * Resolves at once if the agent is not paused; otherwise when the agent is resumed or being stopped, or when the signal aborts. A session
   * that itself begins a prompt waits for this first, because the host may be unable to hold the tools that the model then calls.
   */
  readonly whenLetGo: (signal: AbortSignal) => Promise<void>;
  /** Takes a hook of what the session has done. The session waits for no answer. */
  readonly observe: (hook: Hook) => void;
  readonly onEvent: (event: HookFacts & { readonly usage?: Usage }) => void;
  readonly onSign: (sign: SessionSign) => void;
  /** Takes the figures of one request to the model. Figures that the CLI does not tell are left out. */
  readonly onUsage: (request: ModelRequest) => void;
  /** Takes each text that the session's model writes, as it comes. */
  readonly onWords: (words: string) => void;
  /** Takes what the session's model thinks, if the CLI shows that. It is only for the transcript. */
  readonly onThought?: (words: string) => void;
  /** Takes the CLI's result at the end of a turn. */
  readonly onResult: (result: TurnResult) => void;
}

/**
 * What became of a text. `started`: it began a turn. `steered`: it joins the turn that runs. `queued`: the CLI keeps it for a turn of its
 * own. `busy`: the CLI has not got it, because a turn runs that the text would break off; give it again when the turn is over.
 */
export type Said = "started" | "steered" | "queued" | "busy";

/** What `AgentCli.openInput` needs: the agent's folder, and who listens to what the CLI tells beside its terminal. */
export interface InputPlace extends Pick<SessionListener, "onHook" | "onEvent"> {
  readonly launch: Pick<AgentLaunch, "dir">;
  readonly log: Logger;
}

/** The way by which a CLI on a terminal takes texts from other programs. */
export interface SessionInput {
  /** Gives the session a text as if its user had written it: the text begins a turn, or joins the turn that runs. */
  submit(text: string): Promise<void>;
  /** Whether it tells the host each request of the CLI at its terminal, as a hook `permission` or `question`, and passes the answer on. */
  readonly tellsAsked: boolean;
  /** The CLI has ended. */
  stop(): void;
}

export interface LiveSession {
  /** The route that receipts name for what is said to this session. */
  readonly route: RouteName;
  /**
   * Resolves when the session takes texts, or has ended. Rejects with CliaiError `cli_missing` if the session cannot be opened, or if the
   * CLI refuses the hooks that hold its tools.
   */
  readonly whenReady: Promise<void>;
  /** Whether each tool waits for the host's answer before it starts. If not, a pause cannot hold them. Known once it is ready. */
  readonly carriesHooks: boolean;
  /** Whether only a tool that asks for a permission waits for the host's answer. A pause then also holds the texts for the session. */
  readonly holdsOnlyAsked?: boolean;
  /**
   * Gives the model a text. Rejects if the CLI takes none any more.
   * @param id the id of the order whose text this is. A CLI that keeps ids of messages tells this id with the sign `taken`
   */
  say(text: string, id?: string): Promise<Said>;
  /** Interrupts what the CLI is doing. Resolves with false if it does not answer. */
  interrupt(): Promise<boolean>;
  /** Asks the CLI to end in its own way, before it is ended by signals. Absent if a signal is its own way. */
  end?(): Promise<void>;
}
