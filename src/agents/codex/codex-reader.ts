// Turns the notifications of a Codex session into what the host is told: prompts, tools, usage, ends of turns. Measured with 0.171.0.
//
// A message of the user becomes an item when it goes to the model, not before. The next thing that the model does shows that it has the message.
import { definedOf } from "../../domain/defined.ts";
import type { SessionSign } from "../../domain/hook.ts";
import { idFact, shortFact } from "../../domain/text/fact-words.ts";
import type { SessionListener } from "../live-session.ts";
import { type CallsOptions, createCalls } from "./codex-calls.ts";
import type { CodexEvent, CodexItem, ParamsOf } from "./codex-events.ts";
import { describeRetry, reachedLimitMs } from "./codex-failures.ts";
import { sourceOfOurs } from "./codex-hooks.ts";
import { showsServerLost } from "./codex-tools.ts";
import { createTurn } from "./codex-turn.ts";

export interface CodexReader {
  /** Takes the next notification. Resolves when the host has taken it; does not wait for people. */
  take(event: CodexEvent): Promise<void>;
  /** The id of the turn that runs in the session's thread, or in that of a subagent; undefined if none runs. */
  turnOf(threadId: string): string | undefined;
  /** cliai interrupts the turn that runs. */
  noteInterrupt(): void;
  /** The turns that run in subagents: their threads, and the ids of the turns. */
  subagentTurns(): ReadonlyMap<string, string>;
  /** The thread of the subagent, if the thread is not the session's own. */
  subagentOf(threadId: string): string | undefined;
  /** The item that runs with this id. */
  itemOf(id: string): CodexItem | undefined;
}

export interface CodexReaderOptions
  extends Pick<
      SessionListener,
      "onHook" | "observe" | "onEvent" | "onSign" | "onUsage" | "onWords" | "onThought" | "onResult"
    >,
    Pick<CallsOptions, "listTerminals" | "ended"> {
  /** The session's thread. */
  readonly thread: string;
  readonly model: string | undefined;
  /** The id of the order whose text this message of ours has. */
  readonly orderOf: (clientId: string) => string | undefined;
  /** Somebody has answered this request, or nobody waits for it any more. */
  readonly onResolved: (requestId: string) => void;
  /** A call of one of our tools has shown that our MCP server has ended. */
  readonly onServerLost: () => void;
  /** Gives the model a text that begins another turn. */
  readonly goOn: (text: string) => Promise<void>;
  /** What a person can do if the model's service does not accept the login. */
  readonly loginRemedy: string;
}

export function createCodexReader(options: CodexReaderOptions): CodexReader {
  const { thread, onHook, observe, onEvent, onSign, onUsage, onWords, onResolved } = options;
  /** The threads of subagents, each with its turn that runs. */
  const subagents = new Map<string, string | undefined>();
  /** The prompts of subagents, by their threads, until they are told. On a busy machine, Codex names one only after the subagent's turn began. */
  const prompts = new Map<string, string>();
  const calls = createCalls(options);
  const turn = createTurn(options, calls);
  let { model } = options;
  const isOurs = (id: string) => id === thread || subagents.has(id);
  const subagentOf = (id: string) => (id === thread ? undefined : id);
  const isInTurn = () => turn.id() !== undefined;
  const noteAnswer = () => {
    // In code mode, a script runs on after its turn, and its calls say nothing of the next one.
    if (!isInTurn()) return;
    turn.noteAnswer();
    onSign({ type: "answer" });
  };
  const takePrompt = async ({ id, clientId, content }: CodexItem) => {
    const words = content.flatMap(({ text }) => text ?? []).join("\n");
    const facts = { kind: "prompt" as const, detail: shortFact(words) };
    await onHook({ facts, prompt: words, promptId: id, isSubagent: false });
    onSign({ type: "taken", text: words, ...definedOf({ id: options.orderOf(clientId ?? "") }) });
  };
  const takeStarted = ({ threadId, item }: ParamsOf<"item/started">) => {
    if (!isOurs(threadId)) return;
    if (threadId === thread && item.type !== "userMessage") noteAnswer();
    calls.started(item, subagentOf(threadId), isInTurn());
  };
  const takeCompleted = async ({ threadId, item }: ParamsOf<"item/completed">) => {
    if (!isOurs(threadId)) return;
    for (const id of item.receiverThreadIds) if (item.prompt) prompts.set(id, shortFact(item.prompt));
    await calls.completed(item, subagentOf(threadId));
    if (showsServerLost(item)) options.onServerLost();
    if (threadId !== thread) return;
    const { type, text, summary = [] } = item;
    if (type === "userMessage") return await takePrompt(item);
    if (type === "reasoning") return options.onThought?.(summary.join("\n\n"));
    if (type === "contextCompaction") return onEvent({ kind: "compaction" });
    if (type !== "agentMessage" || !text) return;
    turn.noteWords(text);
    onWords(text);
  };
  const takeUsage = ({ threadId, tokenUsage, turnId }: ParamsOf<"thread/tokenUsage/updated">) => {
    // A resumed thread tells the figures of an earlier run again. They must not count twice.
    if (!isOurs(threadId) || (threadId === thread && !turn.hasBegun(turnId))) return;
    const id = `${threadId} ${turnId} ${tokenUsage.total.totalTokens}`;
    onUsage({ id, ...figuresOf(tokenUsage, model), isConversation: threadId === thread });
  };
  /** Every other thread that works for a turn of the session is that of a subagent. */
  const takeTurn = async ({ threadId, turn: told }: ParamsOf<"turn/started">, isOver: boolean) => {
    if (threadId === thread) return isOver ? await turn.completed(told) : turn.started(told.id);
    if (!subagents.has(threadId) && !turn.hasBegun(told.rootTurnId ?? "")) return;
    subagents.set(threadId, isOver ? undefined : told.id);
    const subagent = idFact(threadId);
    const detail = takeOut(prompts, threadId);
    const kind = isOver ? "subagent_end" : "subagent_start";
    observe({ facts: { kind, subagent, ...definedOf({ detail }) }, isSubagent: true });
  };

  return {
    noteInterrupt: turn.noteInterrupt,
    turnOf: (id) => (id === thread ? turn.id() : subagents.get(id)),
    subagentTurns: () =>
      new Map([...subagents].flatMap(([id, running]) => (running === undefined ? [] : [[id, running]]))),
    subagentOf,
    itemOf: calls.itemOf,
    async take({ method, params }) {
      switch (method) {
        case "turn/started":
          return await takeTurn(params, false);
        case "turn/completed":
          return await takeTurn(params, true);
        case "item/started":
          return takeStarted(params);
        case "item/completed":
          return await takeCompleted(params);
        case "hook/started": {
          const { eventName, source, id } = params.run;
          if (!isOurs(params.threadId) || source !== sourceOfOurs || eventName !== "preToolUse") return;
          if (params.threadId === thread) noteAnswer();
          return calls.hooked(id);
        }
        case "error":
          if (params.threadId !== thread) return;
          if (params.willRetry)
            onSign({ type: "retry", ...describeRetry(params.error, options.loginRemedy) });
          return;
        case "thread/tokenUsage/updated":
          return takeUsage(params);
        case "account/rateLimits/updated":
          return limitSigns(params).forEach(onSign);
        case "serverRequest/resolved":
          return onResolved(String(params.requestId));
        case "model/rerouted":
          if (params.threadId === thread) model = params.toModel ?? model;
      }
    },
  };
}

function limitSigns({ rateLimits }: ParamsOf<"account/rateLimits/updated">): SessionSign[] {
  const resetsAtMs = reachedLimitMs([rateLimits.primary, rateLimits.secondary]);
  return resetsAtMs === undefined ? [] : [{ type: "limit", resetsAtMs }];
}

function figuresOf(
  { last, modelContextWindow }: ParamsOf<"thread/tokenUsage/updated">["tokenUsage"],
  model: string | undefined,
) {
  return {
    ...{ tokens: last.inputTokens + last.outputTokens, context_tokens: last.inputTokens },
    ...definedOf({ model, context_window: modelContextWindow ?? undefined }),
  };
}

function takeOut<Key, Value>(map: Map<Key, Value>, key: Key): Value | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}
