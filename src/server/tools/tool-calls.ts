// Answers the agents' tool calls. They run at the same time, so that a slow one delays no other. Every call that asks for a reply gets
// one.
import type { AnsweredCall, MalformedMessage } from "../../audit/records.ts";
import type { OrderNames } from "../../domain/receipts.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import { redact } from "../../domain/text/redact.ts";
import type { TraceContext } from "../../domain/trace/trace-context.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { checkMessage, decodeMessage } from "../../domain/wire/decode.ts";
import {
  everyToolCallSubject,
  parseToolCallSubject,
  plainToolCallSubject,
  serveQueueGroup,
  toolResponseSubject,
} from "../../domain/wire/subjects.ts";
import { type ToolCall, ToolCallSchema, type ToolResponse } from "../../domain/wire/tool-messages.ts";
import { callTimeoutMs, mayCall, toolNamesFor } from "../../domain/wire/tools/tool-rules.ts";
import { isToolName, type ToolName, tools } from "../../domain/wire/tools/tools.ts";
import type { Logger } from "../../log.ts";
import type { Bus, BusMessage } from "../../nats/bus.ts";
import type { ToolContext, ToolHandler } from "./tool-context.ts";
import { toolHandlers } from "./tool-handlers.ts";

export interface ToolCallOptions
  extends Omit<ToolContext, "id" | "requestId" | "instanceId" | "call" | "confirms" | "handOver"> {
  /** Whether the plain `tools.call`, which believes the id in the body, is answered. */
  readonly insecure: boolean;
  readonly onMalformed: (message: MalformedMessage) => void;
  /** Called with each answered call whose caller is known, and with the caller's place in a trace. */
  readonly onAnswered: (call: AnsweredCall, trace: TraceContext | undefined) => void;
  readonly log: Logger;
}

/** Returns a function that ends it. */
export function answerToolCalls(options: ToolCallOptions): () => void {
  const { bus } = options;
  const take = (message: BusMessage) => {
    void answer(message, options);
  };
  const subscriptions = [everyToolCallSubject, plainToolCallSubject].map((subject) =>
    bus.subscribe(subject, take, { queue: serveQueueGroup }),
  );
  return () => {
    for (const unsubscribe of subscriptions) unsubscribe();
  };
}

async function answer(message: BusMessage, options: ToolCallOptions): Promise<void> {
  const started = performance.now();
  let call: ToolCall | undefined;
  let id: AgentId | undefined;
  let response: ToolResponse;
  let isUnderstood = false;
  try {
    call = decodeMessage(ToolCallSchema, message.data);
    id = callerOf(message.subject, call, options.insecure);
    const { tool, arguments: args, request_id: requestId = crypto.randomUUID() } = call;
    const taken: OrderNames[] = [];
    const run = prepareCall(tool, args, {
      ...options,
      id,
      requestId,
      instanceId: call.instance_id,
      call: { id, requestId, tool, arguments: args },
      confirms: call.confirms === true,
      handOver: (item) => taken.push(item),
    });
    isUnderstood = true;
    const result = await run();
    response = {
      request_id: call.request_id ?? null,
      success: true,
      result,
      ...takenBy(taken),
      queued: options.inbox.waiting(id),
    };
  } catch (error) {
    // An error from the handler itself is the tool's answer, and needs no alert.
    if (!isUnderstood && isCallersFault(error)) {
      const { subject, data } = message;
      options.onMalformed({ subject, data, error, id: parseToolCallSubject(subject) });
    } else if (!(error instanceof CliaiError)) {
      options.log.error(`tool call ${call?.tool}: ${messageOf(error)}`);
    }
    response = { request_id: call?.request_id ?? null, success: false, error: errorText(error) };
  }
  const took_ms = Math.round(performance.now() - started);
  try {
    deliver(message, call, response, took_ms, options.bus);
  } catch (error) {
    options.log.warn(`the answer to a call of ${call?.tool} cannot be sent: ${messageOf(error)}`);
  }
  if (call === undefined || id === undefined) return;
  const { request_id = null, success, error } = response;
  const outcome = error === undefined ? { success } : { success, error };
  const answered = { id, request_id, tool: call.tool, arguments: call.arguments, ...outcome, took_ms };
  options.onAnswered(answered, message.trace);
}

function takenBy(taken: readonly OrderNames[]): Pick<ToolResponse, "takes" | "tokens"> {
  if (taken.length === 0) return {};
  const named = taken.flatMap(({ command_id, token }) =>
    token === undefined ? [] : [[command_id, token] as const],
  );
  const tokens = named.length === 0 ? {} : { tokens: Object.fromEntries(named) };
  return { takes: taken.map(({ command_id }) => command_id), ...tokens };
}

/** Replies to the call. If it took longer than its request waits, or asked for no reply, also answers on `tools.{request_id}.response`. */
function deliver(
  message: BusMessage,
  call: ToolCall | undefined,
  response: ToolResponse,
  tookMs: number,
  bus: Bus,
): void {
  if (message.wantsReply) message.reply(response);
  if (call?.request_id === undefined) return;
  const timeoutMs = isToolName(call.tool) ? callTimeoutMs(call.tool, call.arguments) : 0;
  if (!message.wantsReply || tookMs > timeoutMs) bus.publish(toolResponseSubject(call.request_id), response);
}

/** @throws CliaiError `refused` if the body names another agent than the subject; `message_invalid` if there is no id */
function callerOf(subject: string, call: ToolCall, insecure: boolean): AgentId {
  if (subject === plainToolCallSubject) {
    if (!insecure) {
      throw new CliaiError("refused", `${plainToolCallSubject} is answered only by cliai serve --insecure`, {
        hint: `call ${plainToolCallSubject}.<agent id>`,
      });
    }
    if (call.agent_id !== undefined) return call.agent_id;
    throw new CliaiError("message_invalid", "agent_id is missing");
  }
  const id = parseToolCallSubject(subject);
  if (id === undefined) throw new CliaiError("message_invalid", `"${subject}" names no agent`);
  if (call.agent_id !== undefined && call.agent_id !== id) {
    throw new CliaiError("refused", `the body says agent_id "${call.agent_id}", the subject says "${id}"`);
  }
  return id;
}

/**
 * Checks a call, and returns a function that runs its handler.
 * @throws CliaiError `usage` for an unknown tool, `refused` for a tool of another role, `message_invalid` for wrong arguments
 */
function prepareCall(tool: string, args: unknown, context: ToolContext): () => Promise<unknown> {
  const role = context.roleOf(context.id);
  if (!isToolName(tool)) {
    const names = toolNamesFor(role);
    const hint = didYouMean(tool, names) ?? `the tools are ${names.join(", ")}`;
    throw new CliaiError("usage", `no tool "${tool}"`, { hint });
  }
  if (!mayCall(role, tool)) {
    throw new CliaiError("refused", `${tool} is for captains, and ${context.id} is not one`, {
      hint: "ask a captain with send_message to role:captain, or a person with ask_human",
    });
  }
  return prepareNamed(tool, args, context);
}

function prepareNamed<Name extends ToolName>(
  name: Name,
  args: unknown,
  context: ToolContext,
): () => Promise<unknown> {
  // The table's type ties each handler to its own row's schema, which TypeScript cannot follow through a name.
  const handler = toolHandlers[name] as unknown as ToolHandler<Name>;
  const checked = checkMessage(tools[name].schema, args) as Parameters<ToolHandler<Name>>[0];
  return () => handler(checked, context);
}

function isCallersFault(error: unknown): boolean {
  return error instanceof CliaiError && (error.code === "message_invalid" || error.code === "refused");
}

function errorText(error: unknown): string {
  if (!(error instanceof CliaiError)) return "the server failed to carry out this call; try again later";
  return redact(error.hint === undefined ? error.message : `${error.message}; ${error.hint}`);
}
