// Recognizes the tools of cliai by the names that agent CLIs show.
import type { ToolDefinition } from "./tool-definition.ts";
import { isHosts } from "./tool-rules.ts";
import { isToolName, type ToolName, tools } from "./tools.ts";

/** What agent CLIs put before the name of a tool of cliai's MCP server: `mcp__cliai__`, `mcp_cliai_`, `cliai_`, `cliai-`. */
const ownPrefix = /^(?:mcp_{1,2})?cliai(?:_{1,2}|-)/;

/**
 * The tool of cliai to which an agent CLI gives this name; undefined if it is another tool. Use it only to show the tool, because a model may have
 * written the name.
 */
export function shownOwnTool(name: string): ToolName | undefined {
  const own = name.replace(ownPrefix, "");
  return isToolName(own) && !isHosts(own) ? own : undefined;
}

/** Whether the name, with or without the CLI's prefix for the MCP server, is that of a tool of cliai that waits for a person's answer. */
export function isAskingTool(name: string): boolean {
  const own = shownOwnTool(name);
  const tool: ToolDefinition | undefined = own && tools[own];
  return tool?.waits === true;
}
