// This room holds all that knows Qwen Code on its terminal: its launch, its hooks, its record, its file for texts. Without a terminal it
// is an agent that speaks ACP, with a row in src/agents/acp/agents.
//
// The files and variables that both need. Measured with 0.24.4.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownServer } from "../acp/acp-tools.ts";
import type { AgentLaunch } from "../agent-launch.ts";

/** What stands before the name of a tool of cliai's MCP server. */
export const ownToolPrefix = `mcp__${ownServer}__`;

/** The longest that a call of one of our tools may wait for a person: a week. Qwen Code's own limit is ten minutes. */
const callTimeoutMs = 7 * 86_400_000 + 60_000;
export const serverEnvironment = {
  // Without it, the session begins before its MCP servers are there, so that the first turn has none of cliai's tools.
  QWEN_CODE_LEGACY_MCP_BLOCKING: "1",
  // Without it, a call of a tool that says nothing for five minutes is given up.
  QWEN_CODE_MCP_TOOL_IDLE_TIMEOUT_MS: "0",
};

/** The file for `--mcp-config`. `more` is added to the entry of cliai's MCP server. */
export function serversFile({ dir, mcpServer }: Pick<AgentLaunch, "dir" | "mcpServer">, more: object = {}) {
  const server = { ...mcpServer, timeout: callTimeoutMs, alwaysLoadTools: true, ...more };
  return jsonFile(dir, "qwen-mcp.json", { mcpServers: { [ownServer]: server } });
}

/** Names the file of defaults, which count less than all settings of the user. */
export const defaultsVariable = "QWEN_CODE_SYSTEM_DEFAULTS_PATH";

export function defaultsFile({ dir }: Pick<AgentLaunch, "dir">, defaults: object) {
  // Qwen Code writes a file without its version anew, readable for everybody.
  return jsonFile(dir, "qwen-defaults.json", { ...defaults, $version: 4 });
}

const administratorsDirs: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "/Library/Application Support/QwenCode",
  win32: "C:\\ProgramData\\qwen-code",
};

/** The path of an administrator's defaults, which ours would replace; undefined if there are none. */
export function administratorsDefaults(env: Readonly<NodeJS.ProcessEnv>): string | undefined {
  if (env[defaultsVariable]) return env[defaultsVariable];
  const settings = env.QWEN_CODE_SYSTEM_SETTINGS_PATH;
  const dir = settings ? dirname(settings) : (administratorsDirs[process.platform] ?? "/etc/qwen-code");
  const path = join(dir, "system-defaults.json");
  return existsSync(path) ? path : undefined;
}

function jsonFile(dir: string, name: string, value: unknown) {
  return { path: join(dir, name), content: `${JSON.stringify(value, null, 2)}\n` };
}
