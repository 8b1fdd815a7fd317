// This room launches agent CLIs. `AgentCli` says what each CLI does differently; each has a folder of its own here.
//
// `AgentCli`: what cliai must know about an agent CLI to launch it and to host its session. Each CLI's folder exports one.
import type { MessagingSocket } from "../agent-link/host-protocol.ts";
import type { CliAbilities } from "../domain/abilities.ts";
import type { RetryShown } from "../domain/hook.ts";
import type { ModelApi, ModelServerKind } from "../domain/model-server.ts";
import type { AgentLaunch, CliStart, UserSettings } from "./agent-launch.ts";
import type { ProgramPlace } from "./find-program.ts";
import type { InputPlace, LiveSession, SessionInput, SessionPipes } from "./live-session.ts";
import type { SessionCli } from "./session-cli.ts";
import type { ScreenView } from "./terminal/terminal-screen.ts";

export interface AgentCli extends ProgramPlace, CliAbilities {
  /** Whether the CLI is this program itself, so that it is always there. */
  readonly isOwn?: boolean;
  /** Arguments that come before all others and make the program act as this CLI. */
  readonly programArgs?: readonly string[];
  /** Whose limits its agents share. Absent for a CLI of which that is not known: then each agent has limits of its own. */
  readonly account?: AccountPlace;
  /** How the CLI works on a model server that a profile or `--model-server` names. Absent if nobody has shown that it can: cliai then refuses. */
  readonly modelServer?: ModelServerUse;
  /** A command that installs the CLI, for hints. */
  readonly install: string;
  /** The options with which cliai starts the CLI. For a release that was never tried, cliai looks for them in its `--help`. */
  readonly probedFlags: readonly string[];
  /**
   * Arguments that make the CLI work on its task without a terminal, and end when the task is done. Absent for a CLI that has none: then
   * `cliai spawn --wait` runs it, and ends it when the task is done.
   */
  readonly unattendedArgs?: readonly string[];
  /** The CLI's permission modes, which are the values of a profile's `permission_mode`; absent if it has none. */
  readonly permissionModes?: readonly string[];
  /** How the host talks to the CLI's session. Absent for a CLI without hooks: the agent then gets orders only by `check_inbox`. */
  readonly session?: SessionCli;
  /** In which mode the CLI chooses the id of a new session, and tells it once the session is open. In other modes cliai chooses the id. */
  readonly tellsSession?: "always" | "headless";
  /** Whether the CLI has several processes, and a signal to one does not end all. Then cliai sends each signal to the whole process group. */
  readonly isProcessGroup?: boolean;
  /** Reads the user's and the administrator's settings of the CLI. Absent if it has none that matter to cliai. */
  readonly readUserSettings?: (place: UserSettingsPlace) => Promise<UserSettings>;
  /** Whether the CLI's last output says that the session to resume does not exist. Absent if the CLI does not say so. */
  readonly isSessionGone?: (lastWords: string) => boolean;
  /** Opens the session of a CLI that was started with pipes (`--headless`). Absent if the CLI cannot run so. */
  readonly openSession?: (pipes: SessionPipes) => LiveSession;
  /** Opens the way by which a CLI on a terminal takes texts from other programs. Absent if the CLI has none. */
  readonly openInput?: (place: InputPlace) => SessionInput;
  /** Whether the CLI may ignore the first signal that asks it to end. Then it gets a second one before it is killed. */
  readonly isAskedAgain?: boolean;
  /** Whether the session runs in a server of the CLI, with which the host speaks over pipes in every mode. */
  readonly isServed?: boolean;
  /** Whether without `--headless` the CLI runs on a terminal only. */
  readonly needsTerminal?: boolean;
  /** Whether the CLI runs without a terminal only, also if `--headless` is not given. */
  readonly isHeadlessOnly?: boolean;
  /** Reads from the screen whether the prompt takes text now. Absent if the CLI's screen cannot be read: then nothing is typed. */
  readonly readPrompt?: (screen: ScreenView) => PromptState;
  /**
   * Reads from the screen why the CLI would not give its model a text that comes by `openInput`; undefined if it would. Absent for a CLI that
   * always gives the text to its model.
   */
  readonly readInputHindrance?: (screen: ScreenView) => string | undefined;
  /** Reads from the screen whether the CLI repeats a request to its model. Absent if the CLI shows that in another way. */
  readonly readRetry?: (screen: ScreenView) => RetryShown | undefined;
  /** Reads from the screen whether a turn runs. Absent for a CLI whose hooks or record tell every end of a turn. */
  readonly readTurn?: (screen: ScreenView) => TurnShown;
  /** Says how to start the CLI for one agent. It may run the CLI to find that out. */
  prepare(launch: AgentLaunch): Promise<CliStart>;
}

/** Where a CLI keeps its login, and which variables it takes instead. */
export interface AccountPlace {
  /** Variables that hold a key or token. The first one that is set decides. */
  readonly keys: readonly string[];
  /** The variable that names the directory with the login, and the directory in the user's home that counts without it. */
  readonly homeVariable?: string;
  readonly homeFolder: string;
  /** Whether the login is for several services, and the model's name begins with that of the service: `anthropic/claude-sonnet-5`. */
  readonly byProvider?: boolean;
}

export interface ModelServerUse {
  /** Whether the CLI works only on a model server that is named. */
  readonly isNeeded?: boolean;
  /** What the CLI asks the server for. Default: `/v1/chat/completions`. */
  readonly api?: ModelApi;
  /** The settings that it can use besides those that every CLI can. */
  readonly takes?: readonly ("calls" | "max_steps" | "slim")[];
  /**
   * How many tokens the CLI's instructions and tools take in each request: in its full form, and in its slim form if it has one. Absent for a
   * CLI that itself looks at the server.
   */
  readonly ownTokens?: { readonly full: number; readonly slim?: number };
  /** What an agent lacks on a server of that kind, in words for a person. */
  readonly lacks?: Partial<Record<ModelServerKind, string>>;
}

/** What the screen shows. `running`: a turn runs. `none`: the prompt, and no turn runs. `other`: neither of them is recognized. */
export type TurnShown = "running" | "none" | "other";

/** `empty`: nothing is written in the prompt. `written`: a text is. `other`: the screen shows no prompt that cliai recognizes. */
export type PromptState = "empty" | "written" | "other";

/** What a CLI tells its MCP servers. */
export interface McpServerFacts {
  readonly projectPath?: string;
  readonly sessionId?: string;
  /** The socket on which the session takes messages. */
  readonly messaging?: MessagingSocket;
}

export interface UserSettingsPlace {
  readonly cwd: string;
  /** Default false. */
  readonly isHeadless?: boolean;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly platform: NodeJS.Platform;
  /** The folder of the administrator's settings. Default: the platform's own. */
  readonly managedDir?: string | undefined;
}
