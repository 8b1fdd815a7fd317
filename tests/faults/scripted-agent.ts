// An agent without a model: it looks into its inbox, applies what it finds, says so, and starts its bridge again when that
// has ended. What it has applied it remembers by command id over every run, as docs/durability.md asks of an agent.
import { setTimeout as delay } from "node:timers/promises";
import type { AgentId } from "../../src/domain/wire/agent-id.ts";
import type { InboxItem } from "../../src/server/inbox/inbox-item.ts";
import type { BridgeRun, StartRun } from "./bridge-run.ts";

export interface ScriptedAgent extends AsyncDisposable {
  readonly id: AgentId;
  /** The ids of the commands it applied, in that order. */
  readonly applied: readonly string[];
  /** How often each command or message was given to it, by id. */
  readonly given: ReadonlyMap<string, number>;
  /** The messages it was given, each once. */
  readonly messages: readonly InboxItem[];
  /** What the server said last of something that did not work. */
  lastTrouble(): string;
  /** Has it report this task, as often as it takes. */
  setTask(task: string): void;
  /** Has it make this call once; what the tool answered. */
  call(tool: string, args: Record<string, unknown>): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Has its session do nothing more once it is handed this, for the first time: it has not taken it up. */
  loseAt(commandId: string): void;
  /** Ends the session as a crash of its CLI does. */
  crash(): void;
}

export type AgentStep = "handed over" | "acknowledged";

export interface AgentOptions {
  readonly id: AgentId;
  readonly url: string;
  readonly startRun: StartRun;
  readonly turnEveryMs: number;
  /** Called before the agent goes on to the next thing. */
  readonly onStep: (step: AgentStep, commandId: string) => void;
}

const callTimeoutMs = 40_000;
const outcomeNote = "done";

export async function startScriptedAgent(options: AgentOptions): Promise<ScriptedAgent> {
  const { id, url, startRun, turnEveryMs, onStep } = options;
  const applied: string[] = [];
  const given = new Map<string, number>();
  const messages: InboxItem[] = [];
  const owed = new Set<string>();
  const ending = new AbortController();
  let run: BridgeRun = await startRun(id, url);
  let reported = "";
  let wanted = "";
  let trouble = "";
  let toLose: string | undefined;

  const call = async (tool: string, args: Record<string, unknown>) => {
    const result = await run.client.callTool({ name: tool, arguments: args }, { timeout: callTimeoutMs });
    const text = textOf(result);
    if (result.isError === true) throw new Error(text);
    return text;
  };
  const take = (item: InboxItem) => {
    const itemId = item.command_id ?? item.message_id ?? "";
    const count = (given.get(itemId) ?? 0) + 1;
    given.set(itemId, count);
    if (item.command_id === undefined) {
      if (!messages.some(({ message_id }) => message_id === itemId)) messages.push(item);
      return;
    }
    onStep("handed over", itemId);
    if (!applied.includes(itemId)) applied.push(itemId);
    owed.add(itemId);
  };
  /** What came with the one to lose is lost with it; the session then waits for its end. */
  const loses = (items: readonly InboxItem[]) => {
    if (!items.some(({ command_id }) => command_id !== undefined && command_id === toLose)) return false;
    toLose = undefined;
    for (const { command_id, message_id } of items) {
      const itemId = command_id ?? message_id ?? "";
      given.set(itemId, (given.get(itemId) ?? 0) + 1);
    }
    return true;
  };
  const turn = async () => {
    if (wanted !== reported) {
      const task = wanted;
      await call("report_status", { status: "working", current_task: task });
      reported = task;
    }
    const answer = await call("check_inbox", {});
    const items = itemsOf(answer);
    if (loses(items)) {
      while (!run.hasEnded() && !ending.signal.aborted) await delay(turnEveryMs);
      return;
    }
    for (const item of items) take(item);
    for (const command_id of owed) {
      await call("acknowledge", { command_id, outcome: "applied", note: outcomeNote });
      owed.delete(command_id);
      onStep("acknowledged", command_id);
    }
  };
  const live = async () => {
    while (!ending.signal.aborted) {
      try {
        if (run.hasEnded()) {
          run = await startRun(id, url);
          reported = ""; // a new bridge knows nothing of what was told to the one before
        }
        await turn();
      } catch (error) {
        trouble = String(error); // the next turn tries again, as an agent would
      }
      await delay(turnEveryMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const living = live();

  return {
    id,
    applied,
    given,
    messages,
    lastTrouble: () => trouble,
    setTask: (task) => {
      wanted = task;
    },
    call,
    signal: (signal) => run.signal(signal),
    loseAt: (commandId) => {
      toLose = commandId;
    },
    crash: () => run.signal("SIGKILL"),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await run.stop();
      await living;
      await run.stop();
    },
  };
}

function textOf(result: unknown): string {
  const { content } = result as { content: { text: string }[] };
  return content.map(({ text }) => text).join("\n");
}

/** The JSON of a handout, before the reminder of what waits besides. */
function itemsOf(text: string): readonly InboxItem[] {
  const [json = ""] = text.split("\n\n");
  return (JSON.parse(json) as { items: InboxItem[] }).items;
}
