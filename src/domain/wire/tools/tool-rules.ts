// Who may call which tool, and how long a call may take, as the rows of the table say.
import { type Role, roles } from "../roles.ts";
import { defaultWaitS, mostWaitS, type ToolDefinition } from "./tool-definition.ts";
import { type ToolName, toolNames, tools } from "./tools.ts";

/** The tools that models of this role are shown. */
export function toolNamesFor(role: Role): ToolName[] {
  return toolNames.filter((name) => mayCall(role, name) && !isHosts(name));
}

/** A captain may call its own tools and everybody's. */
export function mayCall(role: Role, name: ToolName): boolean {
  const tool: ToolDefinition = tools[name];
  return tool.role === undefined || roles.indexOf(role) >= roles.indexOf(tool.role);
}

/** Whether only hosts call the tool, and no model is shown it. */
export function isHosts(name: ToolName): boolean {
  const tool: ToolDefinition = tools[name];
  return tool.isHosts === true;
}

/** How long a call may take, including the wait for an answer. */
export function callTimeoutMs(name: ToolName, { wait_s }: Readonly<Record<string, unknown>>): number {
  const { timeoutMs, waits = false }: ToolDefinition = tools[name];
  if (!waits) return timeoutMs;
  const isWaitS = typeof wait_s === "number" && wait_s >= 0 && wait_s <= mostWaitS;
  return timeoutMs + (isWaitS ? wait_s : defaultWaitS) * 1_000;
}
