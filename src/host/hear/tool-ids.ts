// Finds the tool call that a permission is about, because the hook for permissions names the tool and its input, not the call's id
// (Claude Code 2.1.330). The call is the one of the same session or subagent that began with that input and has not ended.
import type { Hook, HookFacts } from "../../domain/hook.ts";

export interface ToolIds {
  /** Notes a hook, and returns its facts, with the id of the tool call added if it is known. */
  note(hook: Hook): HookFacts;
  /** Whether the call has begun. Only the last `mostKept` calls are known. */
  hasBegun(toolUseId: string): boolean;
  /** Removes a running call, and returns the hook of its start; undefined if its end was told already. */
  take(toolUseId: string): Hook | undefined;
}

/** How many calls are kept. The oldest are forgotten, because the end of some calls is never told. */
const mostKept = 200;

const endKinds: ReadonlySet<string> = new Set(["tool_end", "tool_failed", "tool_denied"]);

export function createToolIds(): ToolIds {
  /** The running calls by their ids, the oldest first. */
  const running = new Map<string, { readonly key: string; readonly start: Hook; wasAsked: boolean }>();
  /** The ids of the last calls that have begun. */
  const begun = new Set<string>();
  return {
    hasBegun: (toolUseId) => begun.has(toolUseId),
    note(hook) {
      const { facts, tool } = hook;
      const { kind, tool_use_id } = facts;
      const key = JSON.stringify([facts.subagent ?? null, tool?.name, tool?.input]);
      if (tool_use_id !== undefined) {
        if (kind === "tool_start") {
          running.set(tool_use_id, { key, start: hook, wasAsked: false });
          begun.add(tool_use_id);
          const [first] = begun;
          if (begun.size > mostKept && first !== undefined) begun.delete(first);
        } else if (endKinds.has(kind)) running.delete(tool_use_id);
        const [oldest] = running.keys();
        if (running.size > mostKept && oldest !== undefined) running.delete(oldest);
        return facts;
      }
      if (kind !== "permission" && kind !== "question") return facts;
      const found = [...running].find(([, call]) => call.key === key && !call.wasAsked);
      if (found === undefined) return facts;
      found[1].wasAsked = true;
      return { ...facts, tool_use_id: found[0] };
    },
    take(toolUseId) {
      const found = running.get(toolUseId)?.start;
      running.delete(toolUseId);
      return found;
    },
  };
}
