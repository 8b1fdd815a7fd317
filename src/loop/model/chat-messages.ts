// The messages of a conversation as the loop keeps them, and as the APIs of OpenAI and Ollama have them, in both forms of calls.
import type { CallForm } from "../../domain/model-server.ts";

/** `openai`: `/v1/chat/completions`. `ollama`: `/api/chat`. */
export type ChatApi = "openai" | "ollama";

export interface ModelCall {
  readonly id: string;
  readonly name: string;
  /** Always a JSON object as text: if one call has other arguments, a server refuses every later request with the conversation. */
  readonly arguments: string;
}

/** What the loop keeps of a conversation, in the same form for every model. */
export type Message =
  | { readonly role: "system"; readonly content: string }
  /** `isPrompt`: the client has said this, not the loop. */
  | { readonly role: "user"; readonly content: string; readonly isPrompt?: boolean }
  | { readonly role: "assistant"; readonly content: string; readonly calls?: readonly ModelCall[] }
  | {
      readonly role: "tool";
      readonly callId: string;
      readonly name: string;
      readonly content: string;
      /** Whether the call failed, was refused or was not made. */
      readonly isError?: boolean | undefined;
    };

/** A tool as the model sees it. */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  /** The JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The tool that ends a turn if the model has to answer with calls only. */
export const answerTool: OfferedTool = {
  name: "answer",
  description: "End your work, and say in plain words what you did or found.",
  parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
};

/** Joins messages of the same role that follow each other, because many templates refuse them. Several results in a row stay apart. */
export function wireMessages(messages: readonly Message[], calls: CallForm, api: ChatApi): object[] {
  if (calls === "schema") return mergeTurns(messages.map(plainMessage));
  return mergeTurns(messages.map((message) => nativeMessage(message, api)));
}

interface WireMessage {
  readonly role: Message["role"];
  readonly content: string;
  readonly tool_calls?: readonly object[];
  readonly tool_call_id?: string;
  readonly tool_name?: string;
}

function nativeMessage(message: Message, api: ChatApi): WireMessage {
  const isOllama = api === "ollama";
  if (message.role === "tool") {
    const { callId: tool_call_id, name: tool_name, content } = message;
    return { role: "tool", tool_call_id, ...(isOllama && { tool_name }), content };
  }
  if (message.role !== "assistant" || message.calls === undefined) {
    return { role: message.role, content: message.content };
  }
  const calls = message.calls.map(({ id, name, arguments: args }) => ({
    id,
    type: "function",
    function: { name, arguments: isOllama ? JSON.parse(args) : args },
  }));
  return { role: "assistant", content: message.content, tool_calls: calls };
}

/** A template without tools knows neither calls nor results. So a call becomes the assistant's text, and its result a text of the user. */
function plainMessage(message: Message): WireMessage {
  if (message.role === "tool") {
    return { role: "user", content: `Result of ${message.name}:\n${message.content}` };
  }
  if (message.role !== "assistant") return { role: message.role, content: message.content };
  const [call] = message.calls ?? [];
  if (call === undefined)
    return { role: "assistant", content: schemaCall(answerTool.name, { text: message.content }) };
  return { role: "assistant", content: schemaCall(call.name, JSON.parse(call.arguments)) };
}

function schemaCall(name: string, args: unknown): string {
  return JSON.stringify({ name, arguments: args });
}

function mergeTurns(messages: readonly WireMessage[]): WireMessage[] {
  const merged: WireMessage[] = [];
  for (const message of messages) {
    const last = merged.at(-1);
    if (last?.role !== message.role || message.role === "tool" || last.tool_calls !== undefined)
      merged.push(message);
    else merged.splice(-1, 1, { ...message, content: `${last.content}\n\n${message.content}` });
  }
  return merged;
}

/** The JSON Schema that each answer has to fit in the form `schema`: one call of one of the tools. */
export function callSchema(tools: readonly OfferedTool[]): object {
  return {
    anyOf: tools.map(({ name, parameters }) => ({
      type: "object",
      properties: { name: { const: name }, arguments: formOf(parameters) },
      required: ["name", "arguments"],
      additionalProperties: false,
    })),
  };
}

const formKeys = new Set([
  ...["type", "const", "enum", "required", "items", "prefixItems", "properties", "additionalProperties"],
  ...["anyOf", "oneOf", "allOf", "$ref", "$defs", "definitions"],
]);
/** Their values have schemas by names, which are no keywords. */
const namedSchemas = new Set(["properties", "$defs", "definitions"]);
const plainValues = new Set(["const", "enum", "required"]);

/**
 * The schema without what no grammar needs, such as patterns and lengths: Ollama 0.17.4 refuses every schema with a pattern that is not the
 * whole text's (`500 invalid JSON schema in format`). The tool itself checks its arguments.
 */
function formOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(formOf);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key]) => formKeys.has(key));
  return Object.fromEntries(
    kept.map(([key, value]) => {
      if (plainValues.has(key)) return [key, value];
      if (!namedSchemas.has(key)) return [key, formOf(value)];
      return [key, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, formOf(each)]))];
    }),
  );
}

/** The list of the tools in words, for a template that has no place for them. */
export function toolList(tools: readonly OfferedTool[]): string {
  return tools
    .map(({ name, description, parameters }) => {
      const { properties = {}, required = [] } = parameters as {
        readonly properties?: Readonly<Record<string, unknown>>;
        readonly required?: readonly string[];
      };
      const words = Object.keys(properties).map((key) => (required.includes(key) ? key : `${key}?`));
      return `- ${name}(${words.join(", ")}): ${description}`;
    })
    .join("\n");
}
