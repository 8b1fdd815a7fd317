// `AgentLaunch`: what cliai knows of one agent before it starts the agent's CLI. `CliStart`: how it starts the CLI then.
import type { CommandForm, ModelServerProfile } from "../domain/model-server.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";

export interface AgentLaunch {
  readonly agentId: AgentId;
  /** The id by which the session can be resumed; a UUID if cliai chose it. If the CLI chooses the id, this counts only with `isResumed`. */
  readonly sessionId: string;
  /** Whether the session exists already and is to be resumed. */
  readonly isResumed?: boolean | undefined;
  /** The folder of this agent's own files, which only their owner can read. */
  readonly dir: string;
  /** The folder in which the agent works. */
  readonly cwd: string;
  /** cliai's MCP server (the bridge). Each CLI writes it in its own form. */
  readonly mcpServer: McpServer;
  /** A file with `mcpServer` in the form `{"mcpServers": {"cliai": …}}`, which several CLIs and `cliai hook` read. */
  readonly mcpConfigPath: string;
  /** Undefined if no host runs around the CLI. */
  readonly hooks?: HookPlace | undefined;
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
  readonly modelServer?: LaunchModelServer | undefined;
  /** How the agent writes its commands, where the CLI leaves that to its profile. */
  readonly commandForm?: CommandForm | undefined;
  /** The instructions of the role and the profile, added to the CLI's own. */
  readonly instructions: string;
  readonly task?: string | undefined;
  /** Arguments that the user passes on to the CLI unchanged. */
  readonly passedOn: readonly string[];
}

/** The settings of the agent's model server, with what the server told before the launch: its own name for the model, and its context. */
export interface LaunchModelServer extends ModelServerProfile {
  /** The base URL of the host's gate before the server, which the CLI asks instead (`askedBaseOf`). It holds a secret. */
  readonly gate?: string | undefined;
  /** The server's key. */
  readonly key?: string | undefined;
  /** Whether the CLI is to be started in its slim form. */
  readonly isSlim?: boolean | undefined;
}

/**
 * How to start the CLI for one agent. The values in `env` and `files` may be secrets. For a CLI with `isServed`, `args` starts its server, and
 * `terminalOn` says how to start its terminal on the server's session.
 */
export interface CliStart {
  readonly args: readonly string[];
  /** Changes to the environment of the CLI: undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Files to write before the start. Only their owner can read them. */
  readonly files?: readonly { readonly path: string; readonly content: string }[];
  readonly terminalOn?: (sessionId: string) => Pick<CliStart, "args" | "env">;
}

/** An MCP server that the CLI has to start over stdio. */
export interface McpServer {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Where the hooks of the CLI go, and what they depend on. */
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
  /** The environment in which the CLI is launched, without the changes of `CliStart.env`. */
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

export interface UserSettings {
  /** The value of NO_PROXY for the agent: the user's entries, and loopback. */
  readonly noProxy: string;
  /** Why the CLI calls none of our hooks except those over its stream; absent if it calls them. */
  readonly hooksOff?: string;
  /** Why the CLI may call no hooks by HTTP; absent if it may. */
  readonly httpHooksOff?: string;
  /** Why the CLI's telemetry does not come to the host; absent if it comes. */
  readonly telemetryElsewhere?: string;
}
