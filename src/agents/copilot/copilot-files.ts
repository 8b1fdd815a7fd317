// This room holds all that knows GitHub Copilot CLI on its terminal: its launch, its hooks, its record, its screen. Without a terminal it is
// an agent that speaks ACP, with a row in src/agents/acp/agents.
//
// The files, arguments and variables that Copilot CLI needs in both modes. Measured with 1.0.102.
import { join } from "node:path";
import { CliaiError } from "../../domain/text/errors.ts";
import { ownServer } from "../acp/acp-tools.ts";
import type { AgentLaunch } from "../agent-launch.ts";

/** What stands before the name of a tool of cliai's MCP server. */
export const ownToolPrefix = `${ownServer}-`;

/** An update would replace the program while the session runs. */
export const quietEnv = { COPILOT_AUTO_UPDATE: "false" } as const;

/**
 * The arguments that both modes have, and the file that they name.
 * @throws CliaiError `config_invalid`
 */
export function commonStart(launch: AgentLaunch) {
  const { dir, mcpServer, allowedTools = [], model, strictMcp } = launch;
  if (strictMcp) {
    throw new CliaiError("config_invalid", "--strict-mcp: copilot uses its user's MCP servers, too", {
      hint: "leave --strict-mcp out, or turn each server off: -- --disable-mcp-server NAME",
    });
  }
  const server = { type: "local", tools: ["*"], ...mcpServer };
  const file = jsonFile(join(dir, "copilot-mcp.json"), { mcpServers: { [ownServer]: server } });
  return {
    args: [
      ...["--additional-mcp-config", `@${file.path}`],
      ...[ownServer, ...allowedTools].flatMap((tool) => ["--allow-tool", tool]),
      ...(model === undefined ? [] : ["--model", model]),
    ],
    files: [file],
  };
}

export function jsonFile(path: string, value: unknown) {
  return { path, content: `${JSON.stringify(value, null, 2)}\n` };
}

/** The folder of the user's own settings and of the sessions' records; undefined if the environment has no home. */
export function copilotHome(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const home = process.platform === "win32" ? env.USERPROFILE : env.HOME;
  return env.COPILOT_HOME || (home && join(home, ".copilot"));
}
