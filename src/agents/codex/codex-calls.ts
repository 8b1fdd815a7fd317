// The tool calls of a Codex session: which run, and what a turn leaves running. A command runs on when its turn is over, also when that
// was interrupted; its end is told later. Measured with 0.171.0.
import type { SessionListener } from "../live-session.ts";
import type { CodexItem } from "./codex-events.ts";
import { callOf, toolHook } from "./codex-tools.ts";

export interface Calls {
  started(item: CodexItem, subagent: string | undefined): void;
  completed(item: CodexItem, subagent: string | undefined): Promise<void>;
  /** Our hook runs before this call, and has told the host of it. `run` is the id of the hook's run, which ends with the call's. */
  hooked(run: string): void;
  itemOf(id: string): CodexItem | undefined;
  /** The session's turn is over. Tells what it has left running; whatever else still runs by our count has failed. */
  turnEnded(): Promise<void>;
}

export interface CallsOptions extends Pick<SessionListener, "observe" | "onSign"> {
  /** Resolves with the ids of the commands that Codex says run; undefined if it does not say. */
  readonly listTerminals: () => Promise<ReadonlySet<string> | undefined>;
}

interface Running {
  readonly item: CodexItem;
  readonly subagent: string | undefined;
}

/** How many calls are remembered as hooked: those that run, and a few that were refused. */
const mostHooked = 200;

export function createCalls({ observe, onSign, listTerminals }: CallsOptions): Calls {
  const running = new Map<string, Running>();
  const hooked = new Set<string>();
  /** Commands that a turn which is over has left running. */
  let left: ReadonlySet<string> = new Set();
  const tellLeft = (ids: readonly string[]) => {
    if (ids.length === 0 && left.size === 0) return;
    left = new Set(ids);
    const tasks = ids.map((id) => {
      const description = running.get(id)?.item.command;
      return { id, type: "shell" as const, ...(description ? { description } : {}) };
    });
    onSign({ type: "background", tasks });
  };
  const end = ({ item, subagent }: Running) => {
    running.delete(item.id);
    const call = callOf(item);
    if (call !== undefined)
      observe(toolHook(call.error === undefined ? "tool_end" : "tool_failed", call, subagent));
  };
  return {
    started(item, subagent) {
      const call = callOf(item);
      if (call === undefined || running.has(item.id)) return;
      running.set(item.id, { item, subagent });
      if (!hooked.has(item.id)) observe(toolHook("tool_start", call, subagent));
    },
    async completed(item, subagent) {
      if (callOf(item) === undefined) return;
      end({ item, subagent });
      hooked.delete(item.id);
      if (left.has(item.id)) tellLeft([...left].filter((id) => id !== item.id));
    },
    hooked(run) {
      hooked.add(run.slice(run.lastIndexOf(":") + 1));
      const [oldest] = hooked;
      if (hooked.size > mostHooked && oldest !== undefined) hooked.delete(oldest);
    },
    itemOf: (id) => running.get(id)?.item,
    async turnEnded() {
      const own = [...running.values()].filter(({ subagent }) => subagent === undefined);
      const commands = own.filter(({ item }) => item.type === "commandExecution");
      const listed = commands.length === 0 ? new Set<string>() : await listTerminals();
      const stays = ({ item }: Running) =>
        item.type === "commandExecution" && (listed === undefined || listed.has(item.id));
      for (const each of own.filter((call) => !stays(call)))
        end({ ...each, item: { ...each.item, status: "failed", error: { message: "its turn was over" } } });
      tellLeft(own.filter(stays).map(({ item }) => item.id));
    },
  };
}
