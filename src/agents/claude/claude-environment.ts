// Reads what Claude Code tells its MCP servers by their environment: the project's folder, the session's id, and the socket on which
// the session takes messages. Measured with 2.1.330.
import type { McpServerFacts } from "../agent-cli.ts";

export function readClaudeEnvironment(env: Readonly<NodeJS.ProcessEnv>): McpServerFacts {
  const { CLAUDE_PROJECT_DIR: projectPath, CLAUDE_CODE_SESSION_ID: sessionId } = env;
  const { CLAUDE_CODE_MESSAGING_SOCKET: path, CLAUDE_CODE_MESSAGING_TOKEN: token } = env;
  return {
    ...(projectPath ? { projectPath } : {}),
    ...(sessionId ? { sessionId } : {}),
    ...(path ? { messaging: { path, token: token || undefined } } : {}),
  };
}
