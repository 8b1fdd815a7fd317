// The tools of a Codex session. The host gets the names that Codex's own hooks have for them. Measured with 0.171.0.
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { patchedIn } from "../../domain/files/changed-files.ts";
import type { Hook } from "../../domain/hook.ts";
import { idFact, inputWords, longFact, shortFact } from "../../domain/text/fact-words.ts";
import { isToolName } from "../../domain/wire/tools/tools.ts";
import type { CodexItem } from "./codex-events.ts";

/** The name by which Codex knows cliai's MCP server. */
export const ownServer = "cliai";

export function mcpToolName(server: string, tool: string): string {
  return `mcp__${server}__${tool}`;
}

function isOwnTool(name: string): boolean {
  const prefix = mcpToolName(ownServer, "");
  return name.startsWith(prefix) && isToolName(name.slice(prefix.length));
}

export interface CodexCall {
  readonly name: string;
  /** Undefined if Codex does not tell it. */
  readonly id: string | undefined;
  readonly input: unknown;
  readonly result?: unknown;
  readonly error?: string | undefined;
}

/** @param subagent the thread of the subagent that calls the tool; undefined for the session itself */
export function toolHook(
  kind: "tool_start" | "tool_end" | "tool_failed" | "permission",
  { name, id, input, result, error }: CodexCall,
  subagent: string | undefined,
): Hook {
  const detail = kind === "tool_failed" ? longFact(error ?? "") : shortFact(inputWords(input));
  return {
    facts: {
      kind,
      tool: shortFact(name),
      ...definedOf({ tool_use_id: id && idFact(id), detail, subagent: subagent && idFact(subagent) }),
    },
    tool: {
      ...{ name, input, ...(result === undefined ? {} : { result }), isOwn: isOwnTool(name) },
      ...definedOf({ files: changedIn(name, input) }),
    },
    isSubagent: subagent !== undefined,
  };
}

/**
 * The files that the call changes. Codex's own hook has a patch as text, also in a command that calls `apply_patch`; the app-server tells of the
 * changes file by file, with the new path of one that is moved.
 */
function changedIn(name: string, input: unknown): string[] | undefined {
  const { changes } = (input ?? {}) as { readonly changes?: unknown };
  const read = v.safeParse(ChangesSchema, changes);
  if (read.success)
    return read.output.flatMap(({ path, kind }) => [path, ...(kind?.move_path ? [kind.move_path] : [])]);
  const patched = name === "apply_patch" || name === "Bash" ? patchedIn(input) : [];
  return patched.length === 0 ? undefined : patched;
}

const ChangesSchema = v.array(
  v.looseObject({
    path: v.string(),
    kind: v.optional(v.fallback(v.looseObject({ move_path: v.nullish(v.string()) }), {})),
  }),
);

/** The tool call that an item of the thread stands for, and how it went; undefined if the item is no tool call. */
export function callOf(item: CodexItem): CodexCall | undefined {
  const { id, type, status, error } = item;
  const failed =
    status === "failed" || status === "declined" ? { error: error?.message ?? `it ${status}` } : {};
  switch (type) {
    case "commandExecution": {
      const { command, cwd, exitCode, aggregatedOutput } = item;
      const isFailed = "error" in failed || (exitCode ?? 0) !== 0;
      const words = exitCode === undefined || exitCode === null ? `it ${status}` : `exit code ${exitCode}`;
      const input = { command: scriptOf(command), cwd };
      return { name: "Bash", id, input, result: aggregatedOutput, ...(isFailed ? { error: words } : {}) };
    }
    case "fileChange":
      return {
        name: "apply_patch",
        id,
        input: { path: pathsOf(item.changes), changes: item.changes },
        ...failed,
      };
    case "mcpToolCall": {
      const name = mcpToolName(item.server ?? "", item.tool ?? "");
      return { name, id, input: item.arguments, result: item.result, ...failed };
    }
    case "webSearch":
      return { name: "web_search", id, input: { query: item.query }, ...failed };
    case "imageView":
      return { name: "view_image", id, input: { path: item.path }, ...failed };
    case "collabAgentToolCall": {
      const name = (item.tool ?? type).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return { name, id, input: { description: item.prompt }, ...failed };
    }
    case "dynamicToolCall":
      return { name: item.tool ?? type, id, input: item.arguments, ...failed };
    default:
      return undefined;
  }
}

/** Whether the item is a call of one of our tools that failed because our MCP server has ended. Every later call would fail, too. */
export function showsServerLost({ type, server, status, error }: CodexItem): boolean {
  const isOurs = type === "mcpToolCall" && server === ownServer;
  return isOurs && status === "failed" && error?.message?.includes("Transport closed") === true;
}

/** The script that Codex runs by its shell, without `sh -c '…'` around it. A command whose script contains a quote is returned whole. */
export function scriptOf(command: string | null | undefined): string | undefined {
  const [, script] = /^\S*sh -l?c '([^']*)'$/s.exec(command ?? "") ?? [];
  return script ?? command ?? undefined;
}

/** The files that a patch changes, in words. */
export function pathsOf(changes: unknown): string | undefined {
  const read = v.safeParse(v.array(v.looseObject({ path: v.string() })), changes);
  return read.success ? read.output.map(({ path }) => path).join(", ") : undefined;
}
