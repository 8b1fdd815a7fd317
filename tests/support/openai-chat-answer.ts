// One scripted turn as the OpenAI API for chat completions would send it: as one JSON object, or as the chunks of a stream.
// Knows nothing of HTTP or of who asked.
import { randomUUID } from "node:crypto";
import { piecesOf } from "./model-script.ts";

export interface ChatUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  /** The part of `prompt_tokens` that was read from a cache. */
  readonly cached_tokens: number;
}

/** What the model does in one answer. `{}` is an empty text. */
export interface ChatTurn {
  readonly text?: string;
  /** Tools to call, in order, by the names under which the client offers them. */
  readonly toolUses?: readonly {
    readonly name: string;
    readonly input?: Readonly<Record<string, unknown>>;
  }[];
  /** Before the first byte. */
  readonly delayMs?: number;
  /** Between pieces of the text, 12 characters each; only when the client asked for a stream. */
  readonly chunkDelayMs?: number;
  readonly usage?: Partial<ChatUsage>;
  /** An HTTP error instead of an answer: `type` and `code` as the API gives them, such as `insufficient_quota`. */
  readonly error?: {
    readonly status: number;
    readonly type?: string;
    readonly code?: string;
    readonly message?: string;
    /** In seconds, as the header `retry-after`. */
    readonly retryAfterS?: number;
  };
}

export type Completion = ReturnType<typeof buildCompletion>;

/** The whole answer of a turn, for a client that asked for no stream. */
export function buildCompletion({ text, toolUses = [], usage = {} }: ChatTurn, model: string) {
  const toolCalls = toolUses.map(({ name, input = {} }) => ({
    id: chatId("call_"),
    type: "function" as const,
    function: { name, arguments: JSON.stringify(input) },
  }));
  const { prompt_tokens = 1000, completion_tokens = 50, cached_tokens = 300 } = usage;
  return {
    id: chatId("chatcmpl-"),
    object: "chat.completion",
    created: Math.floor(Date.now() / 1_000),
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: text ?? (toolCalls.length > 0 ? null : ""),
          ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
        },
        finish_reason: toolCalls.length > 0 ? "tool_calls" : "stop",
      },
    ],
    usage: {
      ...{ prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
      prompt_tokens_details: { cached_tokens },
    },
  };
}

export interface ChatChunk {
  readonly data: object;
  /** Whether it carries a piece of the text. */
  readonly isText: boolean;
}

/** The same answer as the chunks of a stream, in their order. The API ends the stream with `[DONE]` after them. */
export function* completionChunks({ choices, usage, ...head }: Completion): Generator<ChatChunk> {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason }],
  });
  for (const { message, finish_reason } of choices) {
    yield { data: chunk({ role: message.role, content: "" }), isText: false };
    for (const content of piecesOf(message.content ?? "")) yield { data: chunk({ content }), isText: true };
    for (const [index, call] of (message.tool_calls ?? []).entries()) {
      yield { data: chunk({ tool_calls: [{ index, ...call }] }), isText: false };
    }
    yield { data: chunk({}, finish_reason), isText: false };
  }
  yield { data: { ...head, object: "chat.completion.chunk", choices: [], usage }, isText: false };
}

function chatId(prefix: string): string {
  return `${prefix}${randomUUID().replaceAll("-", "").slice(0, 24)}`;
}
