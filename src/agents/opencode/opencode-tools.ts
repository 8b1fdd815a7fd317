// The tools of an OpenCode session as the host names them. OpenCode shows its model a tool of an MCP server as SERVER_TOOL.
import { isToolName } from "../../domain/wire/tools/tools.ts";

/** The name by which OpenCode knows cliai's MCP server. */
export const ownServer = "cliai";

/** The name of cliai's tool; undefined if it is not one of cliai's. */
export function ownToolName(tool: string): string | undefined {
  const name = tool.startsWith(`${ownServer}_`) ? tool.slice(ownServer.length + 1) : "";
  return isToolName(name) ? name : undefined;
}
