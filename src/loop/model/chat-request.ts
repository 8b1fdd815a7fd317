// The request for the next answer of a conversation, in the API of its server. Ollama is asked by its own API, because in `/v1` it answers a
// prompt that it has cut without a word, sets a temperature of 1, drops the errors within a stream, and takes no `keep_alive` (0.17.4).
import { keepAliveOf, type ModelServerSettings } from "../../domain/model-server.ts";
import { callSchema, type Message, type OfferedTool, wireMessages } from "./chat-messages.ts";
import type { ModelFacts } from "./model-facts.ts";
import { readAnswer } from "./read-answer.ts";
import { readOllamaAnswer } from "./read-ollama-answer.ts";

export interface ModelRequest {
  readonly messages: readonly Message[];
  readonly tools: readonly OfferedTool[];
  /** How many tokens the answer may have. */
  readonly answerTokens: number;
}

export interface ChatRequest {
  readonly path: string;
  readonly body: object;
  /** Reads the streamed answer. */
  readonly read: typeof readAnswer;
}

export function buildChatRequest(
  request: ModelRequest,
  facts: Pick<ModelFacts, "kind" | "model" | "calls">,
  settings: Pick<ModelServerSettings, "keep_alive">,
): ChatRequest {
  return facts.kind === "ollama" ? ollamaRequest(request, facts, settings) : openaiRequest(request, facts);
}

type AskedModel = Pick<ModelFacts, "kind" | "model" | "calls">;

function openaiRequest(request: ModelRequest, { kind, model, calls }: AskedModel): ChatRequest {
  const { messages, tools, answerTokens } = request;
  const schema = forcedSchema(request, calls);
  const body = {
    model,
    messages: wireMessages(messages, calls, "openai"),
    ...(schema && { response_format: { type: "json_schema", json_schema: { name: "call", schema } } }),
    ...nativeTools(tools, calls),
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: answerTokens,
    // Keeps the part of the prompt that is the same as before in the server's cache.
    ...(kind === "llama.cpp" && { cache_prompt: true }),
  };
  return { path: "/v1/chat/completions", body, read: readAnswer };
}

function ollamaRequest(
  request: ModelRequest,
  { model, calls }: AskedModel,
  { keep_alive }: Pick<ModelServerSettings, "keep_alive">,
): ChatRequest {
  const { messages, tools, answerTokens } = request;
  const schema = forcedSchema(request, calls);
  const body = {
    model,
    messages: wireMessages(messages, calls, "ollama"),
    ...(schema && { format: schema }),
    ...nativeTools(tools, calls),
    stream: true,
    // A prompt that is too long is refused; else Ollama leaves out old messages, and then the middle of the prompt, and answers the rest.
    truncate: false,
    options: { num_predict: answerTokens },
    ...(keep_alive !== undefined && { keep_alive: keepAliveOf(keep_alive) }),
  };
  return { path: "/api/chat", body, read: readOllamaAnswer };
}

function forcedSchema({ tools }: ModelRequest, calls: AskedModel["calls"]): object | undefined {
  return calls === "schema" && tools.length > 0 ? callSchema(tools) : undefined;
}

function nativeTools(tools: readonly OfferedTool[], calls: AskedModel["calls"]): object {
  if (calls === "schema" || tools.length === 0) return {};
  return { tools: tools.map((tool) => ({ type: "function", function: tool })) };
}
