// One scripted turn as the OpenAI Responses API would stream it. Knows nothing of HTTP or of who asked.
import { randomUUID } from "node:crypto";
import { piecesOf } from "./model-script.ts";

export interface ResponsesUsage {
  readonly input_tokens: number;
  /** The part of `input_tokens` that was read from a cache. */
  readonly cached_tokens: number;
  readonly output_tokens: number;
}

/** What the model does in one answer. `{}` is an empty text. */
export interface ResponsesTurn {
  readonly text?: string;
  /**
   * Tools to call, in order. `namespace` is that of an MCP server, such as `mcp__cliai`. A text as `input`, or a `script`, makes it the call
   * of a custom tool, such as the JavaScript of Codex's `exec`.
   */
  readonly toolUses?: readonly {
    readonly name: string;
    readonly namespace?: string;
    readonly input?: Readonly<Record<string, unknown>> | string;
    readonly script?: string;
  }[];
  /** Before the first byte. */
  readonly delayMs?: number;
  /** Between pieces of the text, 12 characters each. */
  readonly chunkDelayMs?: number;
  readonly usage?: Partial<ResponsesUsage>;
  /** An HTTP error instead of an answer. */
  readonly error?: {
    readonly status: number;
    readonly code?: string;
    readonly message?: string;
    /** Default `invalid_request_error`. */
    readonly type?: string;
    readonly headers?: Readonly<Record<string, string>>;
    /** More fields of the error. */
    readonly fields?: Readonly<Record<string, unknown>>;
  };
  /** A stream that ends with `response.failed`, and this error. */
  readonly failure?: { readonly code: string; readonly message: string };
}

export interface ResponsesEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The events of the stream, in their order. */
export function* responseEvents(turn: ResponsesTurn, model: string): Generator<ResponsesEvent> {
  const head = { id: apiId("resp_"), object: "response", created_at: Math.floor(Date.now() / 1_000), model };
  yield { type: "response.created", response: { ...head, status: "in_progress", output: [] } };
  if (turn.failure !== undefined) {
    yield { type: "response.failed", response: { ...head, status: "failed", error: turn.failure } };
    return;
  }
  const output = itemsOf(turn);
  for (const [output_index, item] of output.entries()) {
    const isText = item.type === "message";
    const opening = isText ? { ...item, status: "in_progress", content: [] } : item;
    yield { type: "response.output_item.added", output_index, item: opening };
    for (const delta of isText ? piecesOf(turn.text ?? "") : []) {
      yield { type: "response.output_text.delta", item_id: item.id, output_index, content_index: 0, delta };
    }
    yield { type: "response.output_item.done", output_index, item };
  }
  const { input_tokens = 1000, cached_tokens = 300, output_tokens = 50 } = turn.usage ?? {};
  const usage = {
    ...{ input_tokens, input_tokens_details: { cached_tokens } },
    ...{ output_tokens, output_tokens_details: { reasoning_tokens: 0 } },
    total_tokens: input_tokens + output_tokens,
  };
  yield { type: "response.completed", response: { ...head, status: "completed", output, usage } };
}

function itemsOf({ text, toolUses = [] }: ResponsesTurn) {
  const words = text ?? (toolUses.length > 0 ? undefined : "");
  const message = {
    ...{ type: "message" as const, id: apiId("msg_"), role: "assistant", status: "completed" },
    content: [{ type: "output_text", text: words, annotations: [] }],
  };
  const calls = toolUses.map(({ name, namespace, script, input = script ?? {} }) => {
    const call = { call_id: apiId("call_"), name, status: "completed" };
    return typeof input === "string"
      ? { ...call, type: "custom_tool_call" as const, id: apiId("ctc_"), input }
      : {
          ...{ ...call, type: "function_call" as const, id: apiId("fc_") },
          ...{ ...(namespace === undefined ? {} : { namespace }), arguments: JSON.stringify(input) },
        };
  });
  return words === undefined ? calls : [message, ...calls];
}

function apiId(prefix: string): string {
  return `${prefix}${randomUUID().replaceAll("-", "").slice(0, 24)}`;
}
