// What Claude Code tells its MCP servers. It is a file of its own so that a bridge does not load the rest of this folder. Measured with 2.1.330.
import type { McpServerFacts } from "../agent-cli.ts";

/** Reads project, session, and the socket on which the session takes messages. */
export function readClaudeEnvironment(env: Readonly<NodeJS.ProcessEnv>): McpServerFacts {
  const { CLAUDE_PROJECT_DIR: projectPath, CLAUDE_CODE_SESSION_ID: sessionId } = env;
  const { CLAUDE_CODE_MESSAGING_SOCKET: path, CLAUDE_CODE_MESSAGING_TOKEN: token } = env;
  return {
    ...(projectPath ? { projectPath } : {}),
    ...(sessionId ? { sessionId } : {}),
    ...(path ? { messaging: { path, token: token || undefined } } : {}),
  };
}
