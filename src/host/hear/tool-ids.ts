// Which tool call a permission is asked for: Claude Code's hook for it (2.1.330) names the tool and its input, and not the call.
// The call is the one of the same session or subagent that began with that input and has not ended.
import type { Hook, HookFacts } from "../../domain/hook.ts";

export interface ToolIds {
  /** Takes note of a hook, and gives its facts with the id of their tool call where that is known. */
  note(hook: Hook): HookFacts;
}

/** Of calls whose end was not told the oldest are forgotten. */
const mostKept = 200;

export function createToolIds(): ToolIds {
  /** By their ids, the oldest first. */
  const running = new Map<string, { readonly key: string; wasAsked: boolean }>();
  return {
    note({ facts, tool }) {
      const { kind, tool_use_id } = facts;
      const key = JSON.stringify([facts.subagent ?? null, tool?.name, tool?.input]);
      if (tool_use_id !== undefined) {
        if (kind === "tool_start") running.set(tool_use_id, { key, wasAsked: false });
        else if (kind === "tool_end" || kind === "tool_failed") running.delete(tool_use_id);
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
  };
}
