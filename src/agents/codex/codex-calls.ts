// The tool calls of a Codex session: which run, and what a turn leaves running. A command may run on after its turn, even if the turn was
// interrupted; Codex tells the end of the command later. Measured with 0.171.0.
import { pause } from "../../waiting.ts";
import type { SessionListener } from "../live-session.ts";
import type { CodexItem } from "./codex-events.ts";
import { callOf, scriptOf, toolHook } from "./codex-tools.ts";

export interface Calls {
  /** @param isInTurn whether a turn of the session runs. In code mode Codex may tell the start of a command only after the turn's end */
  started(item: CodexItem, subagent: string | undefined, isInTurn: boolean): void;
  completed(item: CodexItem, subagent: string | undefined): Promise<void>;
  /** Our hook runs before this call, and has told the host of it. `run` is the id of the hook's run; the call's id is its last part. */
  hooked(run: string): void;
  itemOf(id: string): CodexItem | undefined;
  /** The session's turn is over. Tells which commands it has left running. Every other call that still runs by our count has failed. */
  turnEnded(): Promise<void>;
}

export interface CallsOptions extends Pick<SessionListener, "observe" | "onSign"> {
  /** Resolves with the commands that Codex says run, by the ids of their items; undefined if it does not say. */
  readonly listTerminals: () => Promise<ReadonlyMap<string, string> | undefined>;
  /** Aborts when the session has ended: nobody asks any more what still runs. */
  readonly ended: AbortSignal;
}

interface Running {
  readonly item: CodexItem;
  readonly subagent: string | undefined;
}

/** How often Codex is asked what still runs, so that a command whose end it did not tell does not count for ever. */
const lookEveryMs = 3_000;
/** How many calls are remembered as hooked: those that run, and a few that were refused. */
const mostHooked = 200;

/** Whether it is a command of the session itself, and not of a subagent. */
function isOwnCommand({ item, subagent }: Running): boolean {
  return subagent === undefined && item.type === "commandExecution";
}

export function createCalls(
  { observe, onSign, listTerminals, ended }: CallsOptions,
  everyMs = lookEveryMs,
): Calls {
  const running = new Map<string, Running>();
  const hooked = new Set<string>();
  /** Commands that a turn which is over has left running. */
  let left: ReadonlyMap<string, string> = new Map();
  let isLooking = false;
  const tellLeft = (now: ReadonlyMap<string, string>) => {
    if (now.size === left.size && [...now.keys()].every((id) => left.has(id))) return;
    left = now;
    const tasks = [...now].map(([id, description]) => ({ id, type: "shell" as const, description }));
    onSign({ type: "background", tasks });
  };
  const without = (gone: (id: string) => boolean) => new Map([...left].filter(([id]) => !gone(id)));
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    while (left.size > 0 && !ended.aborted) {
      await pause(everyMs, ended);
      const listed = await listTerminals();
      // If Codex does not say it this time, it may the next time.
      if (listed !== undefined) tellLeft(without((id) => !listed.has(id)));
    }
    isLooking = false;
  };
  const end = ({ item, subagent }: Running) => {
    running.delete(item.id);
    const call = callOf(item);
    if (call !== undefined)
      observe(toolHook(call.error === undefined ? "tool_end" : "tool_failed", call, subagent));
  };
  return {
    started(item, subagent, isInTurn) {
      const call = callOf(item);
      if (call === undefined || running.has(item.id)) return;
      running.set(item.id, { item, subagent });
      if (!hooked.has(item.id)) observe(toolHook("tool_start", call, subagent));
      if (isInTurn || !isOwnCommand({ item, subagent })) return;
      tellLeft(new Map([...left, [item.id, scriptOf(item.command) ?? ""]]));
      void look();
    },
    async completed(item, subagent) {
      if (callOf(item) === undefined) return;
      end({ item, subagent });
      hooked.delete(item.id);
      tellLeft(without((id) => id === item.id));
    },
    hooked(run) {
      hooked.add(run.slice(run.lastIndexOf(":") + 1));
      const [oldest] = hooked;
      if (hooked.size > mostHooked && oldest !== undefined) hooked.delete(oldest);
    },
    itemOf: (id) => running.get(id)?.item,
    async turnEnded() {
      const own = [...running.values()].filter(({ subagent }) => subagent === undefined);
      const commands = own.filter(isOwnCommand);
      const counted = new Map(commands.map(({ item }) => [item.id, scriptOf(item.command) ?? ""]));
      const listed = (await listTerminals()) ?? counted;
      for (const each of own.filter(({ item }) => !listed.has(item.id)))
        end({ ...each, item: { ...each.item, status: "failed", error: { message: "its turn was over" } } });
      tellLeft(listed);
      void look();
    },
  };
}
