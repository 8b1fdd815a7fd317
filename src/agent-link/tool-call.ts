// Sends a tool call of the agent as a NATS request. Waits for the connection, repeats the request where that is safe, and returns a
// text that the model can act on.
import { CliaiError, type ErrorCode, messageOf } from "../domain/text/errors.ts";
import type { TraceContext } from "../domain/trace/trace-context.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { toolCallSubject } from "../domain/wire/subjects.ts";
import { type ToolResponse, ToolResponseSchema } from "../domain/wire/tool-messages.ts";
import type { ToolDefinition } from "../domain/wire/tools/tool-definition.ts";
import { callTimeoutMs } from "../domain/wire/tools/tool-rules.ts";
import { type ToolName, tools } from "../domain/wire/tools/tools.ts";
import type { Bus } from "../nats/bus.ts";
import { pause } from "../waiting.ts";
import type { Link } from "./link.ts";

/**
 * How long one request waits, if the server recognises a repeated call by its id. Then the request is repeated, because another
 * `cliai serve` may have replaced the one that had the call.
 */
const defaultAskAgainMs = 30_000;
/** The pause between two tries while NATS is reachable but `cliai serve` is not. */
const retryMs = 250;

export interface ToolOutcome {
  readonly text: string;
  readonly isError: boolean;
  /** What the server's handler returned, if the call succeeded. */
  readonly result?: unknown;
  /** The ids of the messages that the result hands over. */
  readonly takes?: readonly string[];
}

export type ToolCaller = (
  name: ToolName,
  args: Record<string, unknown>,
  signal: AbortSignal,
  /** The id of the call, if its caller has to name it later. Default: a new one. */
  requestId?: string,
  /** The place of the call in its caller's trace. */
  trace?: TraceContext,
) => Promise<ToolOutcome>;

export interface ToolCallerOptions {
  readonly id: AgentId;
  /** This run of the bridge, as its heartbeats name it. */
  readonly instanceId: () => string;
  /**
   * Sends a heartbeat of this run now. Called before each request until the server has answered one, so that the server knows the run before its
   * calls. The server may have heard no heartbeat of the run since the server started.
   */
  readonly beat: () => void;
  readonly link: Link;
  readonly createId: () => string;
  /** Replaces each tool's own timeout. */
  readonly timeoutMs?: number | undefined;
  /** After how long a call is repeated, if the server recognises it as the same. Default 30000. */
  readonly askAgainMs?: number | undefined;
  /** After how long a call that has reached no server is given up. Default: the whole timeout. */
  readonly reachWithinMs?: number | undefined;
  /** Called with each call that the server has carried out. */
  readonly onDone: (name: ToolName, args: Record<string, unknown>) => void;
  /** Called before the client gets a result: with the tokens of the orders that it hands over, by `command_id`. */
  readonly onTokens: (tokens: Readonly<Record<string, string>>) => void;
  /** Called after the client got a result: with the ids of the orders that it handed over. */
  readonly onHandedOver: (commandIds: readonly string[], tool: ToolName) => void;
}

/** The caller throws only if the client's signal aborts. A failure is an outcome that the model reads. */
export function createToolCaller(options: ToolCallerOptions): ToolCaller {
  const { id, instanceId, link, createId, askAgainMs = defaultAskAgainMs, onDone, onHandedOver } = options;
  /** The run that the server knows. */
  let known: string | undefined;
  return async (name, args, signal, requestId = createId(), trace = undefined) => {
    const tool: ToolDefinition = tools[name];
    const { timeoutMs = callTimeoutMs(name, args) } = options;
    const isKnownById = tool.isKnownById === true;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeoutMs);
    let isReachOver = false;
    const giveUpIfUnreached = () => {
      if (isReachOver && !attempt.mayBeTaken) deadline.abort();
    };
    const reached = setTimeout(() => {
      isReachOver = true;
      giveUpIfUnreached();
    }, options.reachWithinMs ?? timeoutMs);
    const run = instanceId();
    const attempt: Attempt = {
      subject: toolCallSubject(id),
      trace,
      body: {
        request_id: requestId,
        agent_id: id,
        instance_id: run,
        tool: name,
        arguments: args,
        confirms: true,
      },
      timeoutMs,
      isKnownById,
      requestMs: isKnownById ? Math.min(askAgainMs, timeoutMs) : timeoutMs,
      isRepeatable:
        isKnownById || tool.annotations.idempotentHint === true || tool.annotations.readOnlyHint === true,
      over: AbortSignal.any([signal, deadline.signal]),
      mayBeTaken: false,
      onRequest: () => {
        if (known !== run) options.beat();
      },
      // The time for reaching a server may have passed during this request, which nobody took.
      onUntaken: giveUpIfUnreached,
    };
    try {
      const response = decodeMessage(ToolResponseSchema, await requestUntilOver(link, attempt));
      known = run;
      if (response.success) onDone(name, args);
      const { takes = [], tokens } = response;
      if (tokens !== undefined) options.onTokens(tokens);
      // Call it after the result is sent. If the bridge dies before, the items are handed over again, and none is lost.
      if (takes.length > 0 && !signal.aborted) setTimeout(() => onHandedOver(takes, name), 0);
      return { ...outcomeOf(response), takes };
    } catch (error) {
      if (signal.aborted) throw error;
      return { isError: true, text: failureText(error, attempt, link) };
    } finally {
      clearTimeout(timer);
      clearTimeout(reached);
    }
  };
}

interface Attempt {
  readonly subject: string;
  readonly trace: TraceContext | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  /** Whether the server recognises a second request with the same id as the same call. */
  readonly isKnownById: boolean;
  /** How long one request of the call waits. */
  readonly requestMs: number;
  /** Whether making the call twice has the same effect as once. */
  readonly isRepeatable: boolean;
  /** Aborts when the client cancels the call, or its time is up. */
  readonly over: AbortSignal;
  /** Whether the server may have carried out the call. */
  mayBeTaken: boolean;
  /** Called before each request. */
  readonly onRequest: () => void;
  /** Called when a request has failed, and nobody took it. */
  readonly onUntaken: () => void;
}

/** Sends the request. Repeats it until the time is up if it fails and nobody received it, or if a second call does no harm. */
async function requestUntilOver(link: Link, attempt: Attempt): Promise<Uint8Array> {
  for (;;) {
    const bus = await link.connected(attempt.over);
    attempt.over.throwIfAborted();
    const lost = new AbortController();
    const unlisten = link.onChange((now) => {
      if (now === undefined) lost.abort();
    });
    try {
      return await requestOnce(bus, attempt, lost.signal);
    } catch (error) {
      if (attempt.over.aborted || !mayAskAgain(error, attempt, lost.signal)) throw error;
      await pause(retryMs, attempt.over);
    } finally {
      unlisten();
    }
  }
}

async function requestOnce(bus: Bus, attempt: Attempt, lost: AbortSignal): Promise<Uint8Array> {
  const { subject, body, trace, requestMs: timeoutMs, isRepeatable, over } = attempt;
  const wasTaken = attempt.mayBeTaken;
  attempt.mayBeTaken = true;
  attempt.onRequest();
  try {
    // Do not repeat a call that must not be made twice: keep waiting, because its answer may come when the connection is back.
    const signal = isRepeatable ? AbortSignal.any([over, lost]) : over;
    return await bus.request(subject, body, { timeoutMs, signal, trace });
  } catch (error) {
    if (error instanceof CliaiError && neverTaken.has(error.code)) {
      attempt.mayBeTaken = wasTaken;
      attempt.onUntaken();
    }
    throw error;
  }
}

const neverTaken: ReadonlySet<string> = new Set([
  "server_unreachable",
  "nats_unreachable",
  "payload_too_large",
] satisfies ErrorCode[]);

function mayAskAgain(error: unknown, { isKnownById }: Attempt, lost: AbortSignal): boolean {
  if (!(error instanceof CliaiError)) return false;
  if (error.code === "no_answer") return isKnownById;
  if (error.code === "interrupted") return lost.aborted;
  return error.code === "server_unreachable" || error.code === "nats_unreachable";
}

function outcomeOf({ success, result, error, queued = 0 }: ToolResponse): ToolOutcome {
  const text = success ? textOf(result) : (error ?? "the call failed, and the server did not say why");
  const reminder = queued > 0 ? `\n\n${queued} waiting in your inbox: call check_inbox` : "";
  return { isError: !success, text: text + reminder, result };
}

function textOf(result: unknown): string {
  if (result === undefined || result === null) return "done";
  return typeof result === "string" ? result : JSON.stringify(result, null, 2);
}

function failureText(error: unknown, { over, mayBeTaken, timeoutMs }: Attempt, link: Link): string {
  const goOn = "Go on with your work";
  if (error instanceof CliaiError && error.code === "payload_too_large") {
    return `${error.message}; ${error.hint ?? "send less"}. The call was not recorded.`;
  }
  if (error instanceof CliaiError && error.code === "message_invalid") {
    return `The answer of cliai serve cannot be understood (${error.message}). ${goOn}; the call may have been recorded.`;
  }
  if (!mayBeTaken) {
    const why = link.bus()
      ? "NATS is reachable, the server is not"
      : (link.trouble() ?? "no connection to NATS");
    return `cliai serve cannot be reached (${why}). ${goOn}; the call was not recorded.`;
  }
  const why = over.aborted ? `gave no answer within ${timeoutMs / 1_000} s` : messageOf(error);
  return `cliai serve ${why}. ${goOn}; the call may or may not have been recorded.`;
}
