// This room holds all that knows Qwen Code on its terminal: its launch, its hooks, its record, its file for texts. Without a terminal it
// is an agent that speaks ACP, with a row in src/agents/acp/agents.
//
// The files and variables that Qwen Code needs in both modes. Measured with 0.24.4.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownServer } from "../acp/acp-tools.ts";
import type { AgentLaunch } from "../agent-launch.ts";

/** What stands before the name of a tool of cliai's MCP server. */
export const ownToolPrefix = `mcp__${ownServer}__`;

/** The longest that a call of one of our tools may wait for a person: a week. Qwen Code's own limit is ten minutes. */
const callTimeoutMs = 7 * 86_400_000 + 60_000;
export const serverEnvironment = {
  // Without this, the session begins before its MCP servers are there, and the first turn has none of cliai's tools.
  QWEN_CODE_LEGACY_MCP_BLOCKING: "1",
  // Without this, Qwen Code gives up a tool call that says nothing for five minutes.
  QWEN_CODE_MCP_TOOL_IDLE_TIMEOUT_MS: "0",
};

/** The file for `--mcp-config`. `more` is added to the entry of cliai's MCP server. */
export function serversFile({ dir, mcpServer }: Pick<AgentLaunch, "dir" | "mcpServer">, more: object = {}) {
  const server = { ...mcpServer, timeout: callTimeoutMs, alwaysLoadTools: true, ...more };
  return jsonFile(dir, "qwen-mcp.json", { mcpServers: { [ownServer]: server } });
}

/** The variable that names the file of defaults. Every setting of the user wins over a default. */
export const defaultsVariable = "QWEN_CODE_SYSTEM_DEFAULTS_PATH";

export function defaultsFile({ dir }: Pick<AgentLaunch, "dir">, defaults: object) {
  // If the file had no `$version`, Qwen Code would write it again, readable for everybody.
  return jsonFile(dir, "qwen-defaults.json", { ...defaults, $version: 4 });
}

const administratorsDirs: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "/Library/Application Support/QwenCode",
  win32: "C:\\ProgramData\\qwen-code",
};

/** The path of an administrator's settings, which win over those of the user and of the project. The file may not exist. */
export function administratorsSettings(env: Readonly<NodeJS.ProcessEnv>): string {
  const dir = administratorsDirs[process.platform] ?? "/etc/qwen-code";
  return env.QWEN_CODE_SYSTEM_SETTINGS_PATH || join(dir, "settings.json");
}

/** The path of an administrator's defaults, which ours would replace; undefined if there are none. */
export function administratorsDefaults(env: Readonly<NodeJS.ProcessEnv>): string | undefined {
  if (env[defaultsVariable]) return env[defaultsVariable];
  const path = join(dirname(administratorsSettings(env)), "system-defaults.json");
  return existsSync(path) ? path : undefined;
}

function jsonFile(dir: string, name: string, value: unknown) {
  return { path: join(dir, name), content: `${JSON.stringify(value, null, 2)}\n` };
}
