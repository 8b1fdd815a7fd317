// One scripted turn as the Anthropic Messages API would send it: as one JSON message, or as server-sent events.
// Knows nothing of HTTP or of who asked.
import { randomUUID } from "node:crypto";
import { piecesOf } from "./model-script.ts";

export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
}

/** What the model does in one answer. `{}` is an empty text. */
export interface Turn {
  readonly text?: string;
  /** Tools to call, in order; an MCP tool is named `mcp__SERVER__TOOL`. */
  readonly toolUses?: readonly {
    readonly name: string;
    readonly input?: Readonly<Record<string, unknown>>;
  }[];
  /** Before the first byte. */
  readonly delayMs?: number;
  /** Between pieces of the text, 12 characters each; only when the client asked for a stream. */
  readonly chunkDelayMs?: number;
  readonly usage?: Partial<Usage>;
  /** An HTTP error instead of an answer. Claude Code tries again on 429, 5xx and 529. */
  readonly error?: {
    readonly status: number;
    readonly type?: string;
    readonly message?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

export interface ServerSentEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

export type Message = ReturnType<typeof buildMessage>;

/** The whole answer of a turn, for a client that asked for no stream. */
export function buildMessage(turn: Turn, model: string) {
  const toolUses = turn.toolUses ?? [];
  const text = turn.text ?? (toolUses.length > 0 ? undefined : "");
  return {
    id: apiId("msg"),
    type: "message",
    role: "assistant",
    model,
    content: [
      ...(text === undefined ? [] : [{ type: "text" as const, text }]),
      ...toolUses.map(({ name, input = {} }) => ({
        type: "tool_use" as const,
        id: apiId("toolu"),
        name,
        input,
      })),
    ],
    stop_reason: toolUses.length > 0 ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: {
      input_tokens: 1000,
      output_tokens: 50,
      cache_creation_input_tokens: 200,
      cache_read_input_tokens: 300,
      ...turn.usage,
    },
  };
}

/** The same answer as the events of a stream, in their order. */
export function* messageEvents(message: Message): Generator<ServerSentEvent> {
  const { content, stop_reason, stop_sequence, usage } = message;
  const opening = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  yield { type: "message_start", message: opening };
  for (const [index, block] of content.entries()) {
    const empty = block.type === "text" ? { ...block, text: "" } : { ...block, input: {} };
    yield { type: "content_block_start", index, content_block: empty };
    for (const delta of deltas(block)) yield { type: "content_block_delta", index, delta };
    yield { type: "content_block_stop", index };
  }
  const { output_tokens } = usage;
  yield { type: "message_delta", delta: { stop_reason, stop_sequence }, usage: { output_tokens } };
  yield { type: "message_stop" };
}

function deltas(block: Message["content"][number]) {
  if (block.type === "tool_use") {
    return [{ type: "input_json_delta", partial_json: JSON.stringify(block.input) }];
  }
  return piecesOf(block.text).map((text) => ({ type: "text_delta", text }));
}

/** An identifier in the API's form, such as `msg_0f…`. */
export function apiId(prefix: "msg" | "toolu" | "req"): string {
  return `${prefix}_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
}
