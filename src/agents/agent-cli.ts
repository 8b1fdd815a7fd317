// This room launches agent CLIs. `AgentCli` says what each CLI does differently; each has a folder of its own here.
//
// `AgentCli`: what cliai must know about an agent CLI to launch it and to host its session. Each CLI's folder exports one.
import type { Readable, Writable } from "node:stream";
import type { MessagingSocket } from "../agent-link/host-protocol.ts";
import type { HookFacts, RetryShown, SessionCli, SessionSign, TurnResult } from "../domain/hook.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Usage } from "../domain/wire/event-messages.ts";
import type { ProgramPlace } from "./find-program.ts";
import type { ScreenView } from "./terminal-screen.ts";

export interface AgentCli extends ProgramPlace {
  /** The name that a profile's `cli` gives. */
  readonly name: string;
  /** A command that installs the CLI, for hints. */
  readonly install: string;
  /** The release that cliai was tested with. An older one may lack features that cliai uses. */
  readonly triedVersion: string;
  /** The options with which cliai starts the CLI. For a release that was never tried, cliai looks for them in its `--help`. */
  readonly probedFlags: readonly string[];
  /** Arguments that make the CLI work on its task without a terminal, and end when the task is done. */
  readonly unattendedArgs: readonly string[];
  /** The CLI's permission modes, which are the values of a profile's `permission_mode`; absent if it has none. */
  readonly permissionModes?: readonly string[];
  /** How the host talks to the CLI's session. Absent for a CLI without hooks: the agent then gets orders only by `check_inbox`. */
  readonly session?: SessionCli;
  /** Builds the content of the CLI's settings file for one agent: the hooks, and what else the host needs. */
  readonly buildSettings?: (place: HookPlace) => unknown;
  /** Reads the user's and the administrator's settings of the CLI. Absent if it has none that matter to cliai. */
  readonly readUserSettings?: (place: UserSettingsPlace) => Promise<UserSettings>;
  /** Reads what the CLI tells its MCP servers by their environment. Fields that are not set there are left out. */
  readonly readMcpServerFacts?: (env: Readonly<NodeJS.ProcessEnv>) => McpServerFacts;
  /** Whether the CLI's last output says that the session to resume does not exist. Absent if the CLI does not say so. */
  readonly isSessionGone?: (lastWords: string) => boolean;
  /** How to run a session without a terminal, fed by standard input. Absent if the CLI cannot. */
  readonly headless?: HeadlessCli;
  /** Reads from the screen whether the prompt takes text now. Absent if the CLI's screen cannot be read: then nothing is typed. */
  readonly readPrompt?: (screen: ScreenView) => PromptState;
  /** Reads from the screen whether the CLI repeats a request to its model. Absent if the CLI shows that in another way. */
  readonly readRetry?: (screen: ScreenView) => RetryShown | undefined;
  /** Reads from its screen whether a turn runs. Absent for a CLI whose hooks or record tell every end of a turn. */
  readonly readTurn?: (screen: ScreenView) => TurnShown;
  buildArgs(launch: AgentLaunch): string[];
}

/** `running`: it shows that a turn runs. `none`: it shows its prompt, and nothing that runs. `other`: neither is known. */
export type TurnShown = "running" | "none" | "other";

/** `empty`: nothing is written in the prompt. `written`: something is. `other`: the screen shows no prompt that is known. */
export type PromptState = "empty" | "written" | "other";

export interface McpServerFacts {
  readonly projectPath?: string;
  readonly sessionId?: string;
  /** The socket on which the session takes messages. */
  readonly messaging?: MessagingSocket;
}

/** What `buildSettings` needs: where the hooks go, and what they depend on. */
export interface HookPlace {
  /** The host's address for hooks. */
  readonly url: string;
  /** The bearer token that the host expects. */
  readonly token: string;
  /** How long the CLI must wait for the answer to a hook that may be held. */
  readonly holdS: number;
  /** The program that passes a hook on to the host, for hooks that the CLI cannot send by HTTP. */
  readonly command: { readonly command: string; readonly args: readonly string[] };
  /** The address to which the CLI may export telemetry about its requests to the model. */
  readonly telemetryUrl: string;
  /** The environment in which the CLI is launched, without what these settings add. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** The CLI's release; undefined if it did not tell. */
  readonly version: string | undefined;
  /** Whether the session has a stream, which may carry some of the hooks. */
  readonly isHeadless: boolean;
  /** Whether the CLI must ask for permission for what its own rules do not allow. */
  readonly asksPermissions: boolean;
  readonly userSettings: UserSettings;
  /** Whether the end of a turn may be refused many times, because somebody has to approve it. */
  readonly holdsEnds: boolean;
}

export interface UserSettingsPlace {
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly platform: NodeJS.Platform;
  /** The folder of the administrator's settings. Default: the platform's own. */
  readonly managedDir?: string | undefined;
}

export interface UserSettings {
  /** The value of NO_PROXY for the agent: the user's entries, and loopback. */
  readonly noProxy: string;
  /** Why the CLI calls none of our hooks except those over its stream; absent if it calls them. */
  readonly hooksOff?: string;
  /** Why the CLI may call no hooks by HTTP; absent if it may. */
  readonly httpHooksOff?: string;
}

export interface HeadlessCli {
  readonly args: readonly string[];
  readonly open: (pipes: HeadlessPipes) => HeadlessSession;
}

export interface HeadlessPipes {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly onEvent: (event: HookFacts & { readonly usage?: Usage }) => void;
  readonly onSign: (sign: SessionSign) => void;
  /** How long the CLI must wait for a hook that may be held; and its release, which decides whether the stream carries hooks. */
  readonly hooks: Pick<HookPlace, "holdS" | "version">;
  /** Answers a hook that came over the stream; must not reject. The signal aborts when the CLI no longer waits for the answer. */
  readonly onHook: (payload: unknown, signal: AbortSignal) => Promise<unknown>;
  /** Takes the end of a tool that the stream shows, in the form of the hook's payload. It needs no answer. */
  readonly onToolResult: (payload: unknown) => void;
  /** Called with each text that the session's model writes, as it comes. */
  readonly onWords: (words: string) => void;
  /** Takes the CLI's result at the end of a turn. */
  readonly onResult: (result: TurnResult) => void;
}

export interface HeadlessSession {
  /**
   * Resolves when the CLI has agreed to call hooks over the stream, or has ended; at once for a release whose stream carries no
   * hooks. Rejects with CliaiError `cli_missing` if the CLI refuses: then the gate could not hold its tools.
   */
  readonly whenHooked: Promise<void>;
  /** Whether the hook before a tool is called over the stream. */
  readonly carriesHooks: boolean;
  /** Gives the model a message. Rejects if the CLI takes none any more. */
  say(text: string): Promise<void>;
  /** Interrupts what the CLI is doing. Resolves with false if it does not answer. */
  interrupt(): Promise<boolean>;
}

export interface AgentLaunch {
  readonly agentId: AgentId;
  /** The UUID of the session, by which it can be resumed. */
  readonly sessionId: string;
  /** Whether the session exists already and is to be resumed. */
  readonly isResumed?: boolean | undefined;
  readonly mcpConfigPath: string;
  readonly settingsPath?: string | undefined;
  readonly isHeadless?: boolean | undefined;
  /** Whether the CLI must ask for permission for what its own rules do not allow, and not decide by itself. */
  readonly asksPermissions?: boolean | undefined;
  /** One of `permissionModes`. */
  readonly permissionMode?: string | undefined;
  /** Rules for the tools that the CLI may use without asking, in the CLI's own notation. */
  readonly allowedTools?: readonly string[] | undefined;
  /** Whether to use no other MCP servers than cliai's. */
  readonly strictMcp: boolean;
  readonly model?: string | undefined;
  /** The instructions of the role and the profile, added to the CLI's own. */
  readonly instructions: string;
  readonly task?: string | undefined;
  /** Arguments that the user passes on to the CLI unchanged. */
  readonly passedOn: readonly string[];
}
