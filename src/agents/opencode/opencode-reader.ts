// Turns the events of an OpenCode session into what the host is told: prompts, steps, tools, usage, requests, ends of turns. It ignores an
// event that comes a second time, because the session's messages are read again after a lost connection. Measured with 1.18.33.
import { definedOf } from "../../domain/defined.ts";
import type { ModelRequest } from "../../domain/hook.ts";
import { idFact, shortFact } from "../../domain/text/fact-words.ts";
import type { SessionListener } from "../live-session.ts";
import type { Asking } from "./opencode-asking.ts";
import type { OpencodeEvent, OpencodePart, PropertiesOf } from "./opencode-events.ts";
import { toolHook } from "./opencode-hooks.ts";
import { createSteps } from "./opencode-steps.ts";
import { createTurn, interrupted, type TurnOptions } from "./opencode-turn.ts";

export interface OpencodeReader {
  /** Takes the next event. Resolves when the host has taken it; does not wait for people. */
  take(event: OpencodeEvent): Promise<void>;
  /** Ignores these messages from now on, because they were there before this run. */
  skip(events: readonly OpencodeEvent[]): void;
  /** Whether a turn runs. */
  isBusy(): boolean;
}

export interface OpencodeReaderOptions
  extends Pick<
      SessionListener,
      "onHook" | "observe" | "onEvent" | "onSign" | "onUsage" | "onWords" | "onThought"
    >,
    TurnOptions {
  readonly session: string;
  /** Whether the plugin asks the host before each tool. If not, the events tell that a tool starts. */
  readonly isGated: boolean;
  readonly asking: Pick<Asking, "askPermission" | "askQuestion" | "answered" | "withdrawAll">;
  /** The id of the order whose text this message of ours has. */
  readonly orderOf: (messageId: string) => string | undefined;
  /** The size of the model's context window, if OpenCode knows it. */
  readonly contextWindowOf: (provider: string | undefined, model: string | undefined) => number | undefined;
}

/** How many events are remembered, so that none is taken twice. */
const mostTold = 20_000;

export function createOpencodeReader(options: OpencodeReaderOptions): OpencodeReader {
  const { session, asking, onHook, observe, onEvent, onSign, onUsage, onWords, onThought } = options;
  const isNew = createMemory();
  const calls = createCalls(options, isNew);
  const turn = createTurn(options, calls.endAll);
  const steps = createSteps();
  const skipped = new Set<string>();
  const users = new Set<string>();
  const models = new Map<string, Model>();
  const subagents = new Set<string>();
  const isOurs = (id: string) => id === session || subagents.has(id);
  const subagentOf = (id: string) => (id === session ? undefined : id);

  const takeMessage = ({ info }: PropertiesOf<"message.updated">) => {
    const { id, role, sessionID, parentID, providerID, modelID } = info;
    if (!isOurs(sessionID) || !isNew(`message ${id}`)) return;
    if (role === "assistant") models.set(id, { provider: providerID, model: modelID });
    if (sessionID !== session) return;
    if (role === "user") {
      users.add(id);
      steps.noteMessage(id);
    } else steps.noteStep(id, parentID);
  };
  const takePrompt = async ({ messageID: id, text = "" }: OpencodePart) => {
    steps.noteUser({ id, text });
    const facts = { kind: "prompt" as const, detail: shortFact(text) };
    await onHook({ facts, prompt: text, promptId: id, isSubagent: false });
  };
  const takeStep = ({ messageID }: OpencodePart) => {
    turn.noteAnswer();
    for (const { id, text } of steps.begun(messageID)) {
      onSign({ type: "taken", text, ...definedOf({ id: options.orderOf(id) }) });
    }
    onSign({ type: "answer" });
  };
  const takePart = async (part: OpencodePart): Promise<void> => {
    const { id, sessionID, messageID, type, text } = part;
    if (!isOurs(sessionID) || skipped.has(messageID)) return;
    if (type === "tool") return calls.take(part, subagentOf(sessionID));
    if (type === "step-finish" && isNew(id)) return onUsage(usageOf(part, models.get(messageID), options));
    if (sessionID !== session) return;
    if (type === "step-start") return isNew(id) ? takeStep(part) : undefined;
    if (type === "reasoning" && part.time.end !== undefined && isNew(id)) return onThought?.(text ?? "");
    if (type !== "text" || text === undefined || part.synthetic) return;
    if (users.has(messageID)) return isNew(`prompt ${messageID}`) ? await takePrompt(part) : undefined;
    if (part.time.end === undefined || text === "" || !isNew(id)) return;
    turn.noteWords(text);
    onWords(text);
  };
  const takeStatus = async ({ sessionID, status }: PropertiesOf<"session.status">) => {
    if (sessionID === session) return await turn.takeStatus(status);
    const isOver = status.type === "idle" && subagents.delete(sessionID);
    if (isOver) observe({ facts: { kind: "subagent_end", subagent: idFact(sessionID) }, isSubagent: true });
  };
  const takeSubagent = ({ info: { id, parentID, title } }: PropertiesOf<"session.created">) => {
    if (parentID === undefined || !isOurs(parentID) || !isNew(`session ${id}`)) return;
    subagents.add(id);
    const detail = definedOf({ detail: shortFact(title) });
    observe({ facts: { kind: "subagent_start", subagent: idFact(id), ...detail }, isSubagent: true });
  };

  return {
    isBusy: turn.isBusy,
    skip(events) {
      for (const { type, properties } of events)
        if (type === "message.updated") skipped.add(properties.info.id);
    },
    async take({ type, properties }) {
      switch (type) {
        case "message.updated":
          return takeMessage(properties);
        case "message.part.updated":
          return await takePart(properties.part);
        case "session.status":
          return await takeStatus(properties);
        case "session.created":
          return takeSubagent(properties);
        case "session.error":
          return (properties.sessionID ?? session) === session
            ? await turn.fail(properties.error)
            : undefined;
        case "session.compacted":
          return properties.sessionID === session ? onEvent({ kind: "compaction" }) : undefined;
        case "permission.asked": {
          if (!isOurs(properties.sessionID)) return;
          const call = calls.running(properties.tool.callID ?? "");
          return asking.askPermission(properties, { call, subagent: subagentOf(properties.sessionID) });
        }
        case "question.asked":
          if (isOurs(properties.sessionID)) asking.askQuestion(properties, subagentOf(properties.sessionID));
          return;
        default:
          return asking.answered(properties.requestID);
      }
    },
  };
}

/** Returns a function that tells whether it is called with this key for the first time. */
function createMemory(): (key: string) => boolean {
  const told = new Set<string>();
  return (key) => {
    if (told.has(key)) return false;
    told.add(key);
    const [oldest] = told;
    if (told.size > mostTold && oldest !== undefined) told.delete(oldest);
    return true;
  };
}

interface Call {
  readonly name: string;
  readonly input: unknown;
  readonly subagent: string | undefined;
}

/** The tool calls that run, by their ids. */
function createCalls(
  { isGated, observe }: Pick<OpencodeReaderOptions, "isGated" | "observe">,
  isNew: (key: string) => boolean,
) {
  const calls = new Map<string, Call>();
  const end = (
    id: string,
    { name, subagent, input }: Call,
    ended: { result?: unknown; error?: string | undefined },
  ) => {
    calls.delete(id);
    if (!isNew(`end ${id}`)) return;
    const kind = ended.error === undefined ? "tool_end" : "tool_failed";
    observe(toolHook(kind, { name, id, input, ...ended }, subagent));
  };
  return {
    running: (id: string) => calls.get(id),
    take({ tool: name = "", callID: id = "", state }: OpencodePart, subagent: string | undefined) {
      const { status, input, output, error } = state;
      const call = { name, input, subagent };
      if (status === "running") {
        if (!isNew(`start ${id}`)) return;
        calls.set(id, call);
        if (!isGated) observe(toolHook("tool_start", { name, id, input }, subagent));
      } else if (status === "completed") end(id, call, { result: output });
      else if (status === "error") end(id, call, { error: error ?? "it failed" });
    },
    endAll() {
      for (const [id, call] of [...calls]) end(id, call, { error: interrupted });
    },
  };
}

interface Model {
  readonly provider: string | undefined;
  readonly model: string | undefined;
}

function usageOf(
  { id, sessionID, tokens: { input = 0, output = 0, reasoning = 0, cache }, cost }: OpencodePart,
  { provider, model }: Partial<Model> = {},
  { session, contextWindowOf }: Pick<OpencodeReaderOptions, "session" | "contextWindowOf">,
): ModelRequest {
  const context_tokens = input + (cache?.read ?? 0) + (cache?.write ?? 0);
  return {
    id,
    tokens: context_tokens + output + reasoning,
    context_tokens,
    // OpenCode says 0 as well if it does not know the model's prices.
    ...definedOf({ model, cost: cost === 0 ? undefined : cost }),
    ...definedOf({ context_window: contextWindowOf(provider, model) }),
    isConversation: sessionID === session,
  };
}
