// Tells an ACP client what a session does: words, tool calls, permissions, usage.
import type {
  AgentContext,
  RequestPermissionRequest,
  SessionUpdate,
  ToolCallContent,
} from "@agentclientprotocol/sdk";
import { methods } from "@agentclientprotocol/sdk";
import * as v from "valibot";
import type { SessionOut } from "./loop-session.ts";
import type { Message } from "./model/chat-messages.ts";
import type { Permission, ShownCall } from "./tool-desk.ts";
import type { ToolResult } from "./tools/loop-tool.ts";

const options = [
  { optionId: "once", name: "Allow once", kind: "allow_once" },
  { optionId: "always", name: "Allow this tool for the whole session", kind: "allow_always" },
  { optionId: "refused", name: "Refuse", kind: "reject_once" },
] as const;

/** What the client has said of itself. */
export interface ClientFacts {
  /** Whether the client is cliai's host, which wants to be asked before every tool, and keeps words for a turn that runs. */
  readonly isHost: boolean;
  /** Whether the client shows notices. If not, it is told their words as thoughts. */
  readonly hasNotices: boolean;
}

/** The request for the words that the host keeps for a turn that runs. Its answer: `{"messages": ["…"]}`. */
const takeWordsMethod = "_cliai/take_words";
const HeldWordsSchema = v.object({ messages: v.array(v.string()) });

/** @param onLost called when an update cannot be sent, because the client has gone */
export function createSessionOut(
  client: AgentContext,
  { sessionId, isHost, hasNotices }: ClientFacts & { readonly sessionId: string },
  onLost: () => void,
): SessionOut {
  const update = (content: SessionUpdate) => {
    client.notify(methods.client.session.update, { sessionId, update: content }).catch(onLost);
  };
  return {
    message: (text) => update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text } }),
    thought: (text) => update({ sessionUpdate: "agent_thought_chunk", content: { type: "text", text } }),
    notice: (title, isRetry) =>
      hasNotices
        ? update({
            sessionUpdate: "notice",
            severity: isRetry ? "warning" : "info",
            title,
            _meta: { isRetry },
          })
        : update({ sessionUpdate: "agent_thought_chunk", content: { type: "text", text: `[${title}]` } }),
    holdsTools: isHost,
    async heldWords(signal) {
      if (!isHost) return [];
      const options = { cancellationSignal: signal, stopWaitingOnCancel: true };
      return v.parse(HeldWordsSchema, await client.request(takeWordsMethod, { sessionId }, options)).messages;
    },
    begins: (call, isAsking) =>
      update({ sessionUpdate: "tool_call", ...shown(call), status: isAsking ? "pending" : "in_progress" }),
    runs: ({ id }) => update({ sessionUpdate: "tool_call_update", toolCallId: id, status: "in_progress" }),
    ends: ({ id }, result) =>
      update({
        sessionUpdate: "tool_call_update",
        toolCallId: id,
        status: result.isError === true ? "failed" : "completed",
        content: contentOf(result),
        rawOutput: result.text,
      }),
    usage: ({ promptTokens, answerTokens }, context) => {
      if (context === undefined) return; // ACP's `size` is not optional
      update({ sessionUpdate: "usage_update", used: promptTokens + answerTokens, size: context });
    },
    async ask(call, needsPerson, signal) {
      const request: RequestPermissionRequest = {
        sessionId,
        toolCall: shown(call),
        options: [...options],
        _meta: { needsPerson },
      };
      const { outcome } = await client.request(methods.client.session.requestPermission, request, {
        cancellationSignal: signal,
        stopWaitingOnCancel: true, // a client that does not answer must not keep the turn
      });
      if (outcome.outcome !== "selected") return "cancelled";
      return isPermission(outcome.optionId) ? outcome.optionId : "refused";
    },
  };
}

/** Tells the client what was said before in a session that it loads. */
export function replay(
  messages: readonly Message[],
  client: AgentContext,
  sessionId: string,
): Promise<unknown> {
  const updates = messages.flatMap(updatesOf);
  return Promise.all(
    updates.map((update) => client.notify(methods.client.session.update, { sessionId, update })),
  );
}

function updatesOf(message: Message): SessionUpdate[] {
  if (message.role === "user") {
    if (message.isPrompt !== true) return [];
    return [{ sessionUpdate: "user_message_chunk", content: { type: "text", text: message.content } }];
  }
  if (message.role === "assistant") {
    const words: SessionUpdate = {
      sessionUpdate: "agent_message_chunk",
      content: { type: "text", text: message.content },
    };
    const calls = (message.calls ?? []).map(
      ({ id, name, arguments: args }): SessionUpdate => ({
        sessionUpdate: "tool_call",
        ...{ toolCallId: id, name, title: name, status: "in_progress", rawInput: JSON.parse(args) },
      }),
    );
    return message.content === "" ? calls : [words, ...calls];
  }
  if (message.role === "system") return [];
  return [
    {
      sessionUpdate: "tool_call_update",
      toolCallId: message.callId,
      status: message.isError === true ? "failed" : "completed",
      content: [{ type: "content", content: { type: "text", text: message.content } }],
    },
  ];
}

function shown({ id, tool, title, input }: ShownCall) {
  const name = tool.server === undefined ? tool.name : `mcp__${tool.server}__${tool.name}`;
  return { toolCallId: id, name, title, kind: tool.kind, rawInput: input };
}

function contentOf({ text, diff }: ToolResult): ToolCallContent[] {
  const words: ToolCallContent = { type: "content", content: { type: "text", text } };
  return diff === undefined ? [words] : [words, { type: "diff", ...diff }];
}

function isPermission(text: string): text is Permission {
  return options.some(({ optionId }) => optionId === text);
}
