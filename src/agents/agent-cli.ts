// This room launches agent CLIs. `AgentCli` says what each CLI does differently; each has a folder of its own here.
//
// What cliai has to know of an agent CLI to launch it: a row of data for each, in a file of its own beside this one.
import type { Readable, Writable } from "node:stream";
import type { MessagingSocket } from "../agent-link/host-protocol.ts";
import type { HookFacts, SessionCli, SessionSign, TurnResult } from "../domain/hook.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Usage } from "../domain/wire/messages.ts";
import type { ProgramPlace } from "./find-program.ts";
import type { ScreenView } from "./terminal-screen.ts";

export interface AgentCli extends ProgramPlace {
  /** As in a profile's `cli`. */
  readonly name: string;
  /** How a person gets it: a command. */
  readonly install: string;
  /** The release it was measured with; an older one may lack what is used of it. */
  readonly triedVersion: string;
  /** What makes it work on its task without a terminal, and end when that is done. */
  readonly unattendedArgs: readonly string[];
  /** How its session is hosted; absent for a CLI that has no hooks: such an agent is steered by its inbox alone. */
  readonly session?: SessionCli;
  /** Its settings for one agent: the hooks, and whatever else the host needs. */
  readonly buildSettings?: (place: HookPlace) => unknown;
  /** What the CLI's settings that are not ours say; absent where it has none that matter to us. */
  readonly readUserSettings?: (place: UserSettingsPlace) => Promise<UserSettings>;
  /** What it tells its MCP servers by their environment; only what is set there. */
  readonly readMcpServerFacts?: (env: Readonly<NodeJS.ProcessEnv>) => McpServerFacts;
  /** Whether its last words say that the session which it was to go on in is not there; absent where it does not say so. */
  readonly isSessionGone?: (lastWords: string) => boolean;
  /** A session without a terminal, fed by its standard input; absent where the CLI has none. */
  readonly headless?: HeadlessCli;
  /** Whether its terminal takes words now; absent for a CLI whose screen nobody can read: nothing is typed there. */
  readonly readPrompt?: (screen: ScreenView) => PromptState;
  buildArgs(launch: AgentLaunch): string[];
}

/** Its line is empty, or has words of somebody's, or the screen shows something that is not known to be its prompt. */
export type PromptState = "empty" | "written" | "other";

export interface McpServerFacts {
  readonly projectPath?: string;
  readonly sessionId?: string;
  /** Where its session takes messages. */
  readonly messaging?: MessagingSocket;
}

/** Where hooks are taken. */
export interface HookPlace {
  readonly url: string;
  readonly token: string;
  /** How long the CLI shall wait for a hook that may be held. */
  readonly holdS: number;
  /** The program that hands a hook on, for where the CLI can only start one. */
  readonly command: { readonly command: string; readonly args: readonly string[] };
  /** Where the CLI may export what it says of its requests to the model. */
  readonly telemetryUrl: string;
  /** What the CLI is launched with, but for what these settings add. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** The CLI's release, where it said so. */
  readonly version: string | undefined;
  /** Whether its session has a stream, which may carry some of the hooks. */
  readonly isHeadless: boolean;
  /** Whether the CLI was launched to ask for what its own rules do not allow. */
  readonly asksPermissions: boolean;
  readonly userSettings: UserSettings;
  /** Whether the end of a turn may be held back many times: where somebody has to approve it. */
  readonly holdsEnds: boolean;
}

export interface UserSettingsPlace {
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly platform: NodeJS.Platform;
  /** Where the administrator's settings are, in the place of the platform's own. */
  readonly managedDir?: string | undefined;
}

export interface UserSettings {
  /** NO_PROXY for the agent: what its user keeps from the proxy, and loopback. */
  readonly noProxy: string;
  /** Why the CLI calls none of our hooks, but those of a stream; absent where it does. */
  readonly hooksOff?: string;
  /** Why it may call none by HTTP; absent where it may. */
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
  /** How long the CLI shall wait for a hook that may be held, and its release: what decides whether the stream carries hooks. */
  readonly hooks: Pick<HookPlace, "holdS" | "version">;
  /** A hook that the stream carries; must not reject. Once the signal aborts, nobody waits for the answer. */
  readonly onHook: (payload: unknown, signal: AbortSignal) => Promise<unknown>;
  /** What a hook after a tool would have told: the stream shows it, and it is not answered. */
  readonly onToolResult: (payload: unknown) => void;
  /** A turn is over, by the CLI's own word. */
  readonly onResult: (result: TurnResult) => void;
}

export interface HeadlessSession {
  /**
   * Resolves once the CLI calls the hooks that the stream carries, or has ended; at once for a release whose stream carries
   * none. Rejects where it refuses to: then nothing could hold it.
   */
  readonly whenHooked: Promise<void>;
  /** Whether the hook before a tool is called over the stream. */
  readonly carriesHooks: boolean;
  /** Gives the model a message; rejects when the CLI takes none any more. */
  say(text: string): Promise<void>;
  /** Cuts off what it is doing; false when it does not answer. */
  interrupt(): Promise<boolean>;
}

export interface AgentLaunch {
  readonly agentId: AgentId;
  /** A UUID by which the session can be found and resumed. */
  readonly sessionId: string;
  /** Whether that session is there already, and goes on. */
  readonly isResumed?: boolean | undefined;
  readonly mcpConfigPath: string;
  readonly settingsPath?: string | undefined;
  readonly isHeadless?: boolean | undefined;
  /** The CLI shall ask for what its own rules do not allow, and decide nothing of it by itself. */
  readonly asksPermissions?: boolean | undefined;
  /** No other MCP servers than ours. */
  readonly strictMcp: boolean;
  readonly model?: string | undefined;
  /** Role and profile's instructions, added to the CLI's own. */
  readonly instructions: string;
  readonly task?: string | undefined;
  /** What the user passes on to the CLI as it is. */
  readonly passedOn: readonly string[];
}
