// Whether a tool call needs a person's permission, by the mode of the session and what was allowed for good.
import type { LoopTool } from "./tools/loop-tool.ts";

export const permissionModes = {
  ask: "asks before everything but reading",
  "ask-all": "asks before every tool",
  "accept-edits": "asks before commands and the tools of MCP servers",
  "allow-all": "asks for nothing",
} as const;
export type PermissionMode = keyof typeof permissionModes;
export const permissionModeNames = Object.keys(permissionModes) as readonly PermissionMode[];
export const usualMode: PermissionMode = "ask";

export function isPermissionMode(text: string): text is PermissionMode {
  return Object.hasOwn(permissionModes, text);
}

/** @param allowed the names of the tools that a person has allowed for the whole session */
export function needsPermission(
  tool: Pick<LoopTool, "name" | "kind" | "isReading">,
  mode: PermissionMode,
  allowed: ReadonlySet<string>,
): boolean {
  if (mode === "ask-all") return true;
  if (mode === "allow-all" || allowed.has(tool.name)) return false;
  return !tool.isReading && !(mode === "accept-edits" && tool.kind === "edit");
}
