// How to start Codex for one agent without touching the user's own files. An argument of `codex app-server` names our hook. The request that
// starts the thread has everything else. It goes over a pipe: so no secret is in an argument, which every program of the machine could read, or
// in the environment, which the agent's commands inherit. Measured with 0.171.0.
import { join } from "node:path";
import * as v from "valibot";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentLaunch } from "../agent-launch.ts";
import { hookArgs, type Trust } from "./codex-hooks.ts";
import { providerParams } from "./codex-model-server.ts";
import { ownServer } from "./codex-tools.ts";

/** Codex's words for its sandbox (`sandbox_mode`). */
export const permissionModes = ["read-only", "workspace-write", "danger-full-access"] as const;
/** The longest that a call of one of our tools may wait for a person: a week. Codex's own limit is 300 s. */
const callTimeoutS = 7 * 86_400 + 60;
/** A cold start of the bridge on a busy machine takes some seconds. */
const serverStartsWithinS = 60;

/**
 * The arguments of the app-server, which every session has.
 * @throws CliaiError `config_invalid`
 */
export function buildArgs({ hooks, allowedTools = [], passedOn }: AgentLaunch): string[] {
  const [rule] = allowedTools;
  if (rule !== undefined) {
    throw new CliaiError("config_invalid", `codex takes no allowed_tools for one launch ("${rule}")`, {
      hint: "allow it in Codex's own rules (~/.codex/rules), or set permission_mode in the profile",
    });
  }
  return ["app-server", ...(hooks === undefined ? [] : hookArgs(hooks)), ...passedOn];
}

/** Where the app-server of a session with a terminal listens. */
export function socketPath({ dir }: Pick<AgentLaunch, "dir">): string {
  return join(dir, "codex.sock");
}

/**
 * The further arguments of an app-server that a terminal can join.
 * @param trust the hash of our hook. If only the thread had it, the terminal would ask its user about the hook
 */
export function buildSharedArgs(launch: AgentLaunch, trust: Trust | undefined): string[] {
  const entries = Object.entries(trust ?? {}).map(
    ([key, { trusted_hash }]) => `${JSON.stringify(key)}={trusted_hash=${JSON.stringify(trusted_hash)}}`,
  );
  return [
    ...["--listen", `unix://${socketPath(launch)}`],
    ...(entries.length === 0 ? [] : ["-c", `hooks.state={${entries.join(",")}}`]),
  ];
}

/** The arguments of Codex's terminal, which joins the thread. */
export function buildTerminalArgs(launch: Pick<AgentLaunch, "cwd" | "dir">, threadId: string): string[] {
  return ["resume", threadId, "--remote", `unix://${socketPath(launch)}`, "-C", launch.cwd];
}

const ConfigSchema = v.looseObject({
  config: v.looseObject({
    approval_policy: v.optional(v.unknown()),
    mcp_servers: v.optional(v.fallback(v.record(v.string(), v.unknown()), {}), {}),
  }),
});

/** What the user's own configuration and the arguments say, as far as a launch depends on it. */
export interface CodexConfig {
  /** When Codex asks for a permission, in its own word; undefined if neither says so. */
  readonly approvalPolicy: unknown;
  /** The names of the MCP servers. */
  readonly servers: readonly string[];
}

/** Reads the answer to `config/read`. */
export function readConfig(answer: unknown): CodexConfig {
  const { approval_policy, mcp_servers } = v.parse(ConfigSchema, answer).config;
  return { approvalPolicy: approval_policy ?? undefined, servers: Object.keys(mcp_servers) };
}

/**
 * The parameters of `thread/start` and `thread/resume`.
 * @param trust the hash of our hook, in the form of `hooks.state`
 */
export function threadParams(
  launch: AgentLaunch,
  { approvalPolicy, servers }: CodexConfig,
  trust: Trust | undefined,
): object {
  const { cwd, model, permissionMode, instructions, asksPermissions, mcpServer, strictMcp } = launch;
  const others = strictMcp ? servers.filter((name) => name !== ownServer) : [];
  const provider = providerParams(launch);
  // With any other policy, Codex asks at least as often as with `on-request`.
  const mustAsk = asksPermissions === true && (approvalPolicy === undefined || approvalPolicy === "never");
  return {
    ...{ cwd, developerInstructions: instructions },
    ...(model === undefined ? {} : { model }),
    ...provider.params,
    ...(permissionMode === undefined ? {} : { sandbox: permissionMode }),
    ...(mustAsk ? { approvalPolicy: "on-request" } : {}),
    config: {
      ...provider.config,
      ...(trust === undefined ? {} : { "hooks.state": trust }),
      // By itself Codex lets its model ask its user in plan mode only.
      ...(asksPermissions === true ? { "features.default_mode_request_user_input": true } : {}),
      mcp_servers: {
        ...Object.fromEntries(others.map((name) => [name, { enabled: false }])),
        [ownServer]: {
          ...{ command: mcpServer.command, args: mcpServer.args, env: mcpServer.env },
          // Otherwise Codex would ask before each call, and begin a turn without a server that is slow to start.
          ...{ default_tools_approval_mode: "approve", required: true },
          ...{ startup_timeout_sec: serverStartsWithinS, tool_timeout_sec: callTimeoutS },
        },
      },
    },
  };
}
