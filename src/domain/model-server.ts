// The settings of a model server, and the words that they may have.
import { loopback } from "./wire/own-address.ts";

/** For hints. llama-server listens there unless it is told otherwise. */
export const exampleServer = `http://${loopback}:8080`;

/** `openai`: any other server with `/v1/chat/completions`, such as vLLM or LM Studio. */
export const modelServerKinds = ["llama.cpp", "ollama", "openai"] as const;
export type ModelServerKind = (typeof modelServerKinds)[number];

/**
 * How a model calls a tool. `native`: by the chat template's own calls, which the server reads. `schema`: each answer is forced into the
 * form of one call by a JSON schema, for models whose template has no tools.
 */
export const callForms = ["native", "schema"] as const;
export type CallForm = (typeof callForms)[number];

export interface ModelServerSettings {
  /** The server's base: `/v1` at its end is left out. */
  readonly url: string;
  /** May be left out where the server has one model. */
  readonly model?: string | undefined;
  /** Undefined: what the server answers tells it. */
  readonly kind?: ModelServerKind | undefined;
  /** How many tokens a conversation may have. The server's own limit counts if that is smaller, or if this is undefined. */
  readonly context?: number | undefined;
  /** Undefined: `native` if the model's template has tools, else `schema`. */
  readonly calls?: CallForm | undefined;
  /** Sent as a bearer token. */
  readonly key?: string | undefined;
}
