// What an agent CLI tells its MCP servers by their environment. Each bridge reads this, so it does not load what is needed to launch a CLI.
import type { McpServerFacts } from "./agent-cli.ts";
import { readClaudeEnvironment } from "./claude/claude-environment.ts";

/** Each leaves out the fields that are not set. */
const readers: readonly ((env: Readonly<NodeJS.ProcessEnv>) => McpServerFacts)[] = [readClaudeEnvironment];

/** Reads what the CLI that has started this process as its MCP server tells. Asks the reader of every CLI that tells something. */
export function readMcpServerFacts(env: Readonly<NodeJS.ProcessEnv>): McpServerFacts {
  return Object.assign({}, ...readers.map((read) => read(env)));
}
