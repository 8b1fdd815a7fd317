// The settings of a model server, and the words that they may have.
import * as v from "valibot";
import { described, textSetting, wholeNumber } from "./text/setting-schemas.ts";
import { loopback } from "./wire/own-address.ts";

/** The address that hints show: llama-server listens there by default. */
export const exampleServer = `http://${loopback}:8080`;

/**
 * `openai`: any other server with `/v1/chat/completions`, such as vLLM or LM Studio. `anthropic`: any other server with `/v1/messages`, such as
 * a proxy.
 */
export const modelServerKinds = ["llama.cpp", "ollama", "openai", "anthropic"] as const;
export type ModelServerKind = (typeof modelServerKinds)[number];

/**
 * How a model calls a tool. `native`: by the chat template's own calls, which the server reads. `schema`: each answer is forced into the
 * form of one call by a JSON schema, for models whose template has no tools.
 */
export const callForms = ["native", "schema"] as const;
export type CallForm = (typeof callForms)[number];

/** The path that a client asks for below the server's address, if it is not `/v1/chat/completions`. */
export type ModelApi = "/v1/messages" | "/v1/responses";

export interface ModelServerSettings {
  /** The server's base: `/v1` at its end is left out. */
  readonly url: string;
  /** Needed only if the server has several models. */
  readonly model?: string | undefined;
  /** If undefined, the client finds it out from the server's answers. */
  readonly kind?: ModelServerKind | undefined;
  /** How many tokens a conversation may have. The server's own limit counts if that is smaller, or if this is undefined. */
  readonly context?: number | undefined;
  /** If undefined, `native` if the model's template has tools, else `schema`. */
  readonly calls?: CallForm | undefined;
  /** Sent as a bearer token. */
  readonly key?: string | undefined;
  /** How long Ollama keeps the model loaded after a request. */
  readonly keep_alive?: string | undefined;
  /** The path that the client asks for. Default: `/v1/chat/completions`. */
  readonly api?: ModelApi | undefined;
  /** The address of the gate, to which requests go instead of `url`. It contains a secret, so errors name `url`. */
  readonly gate?: string | undefined;
}

/** The variable by which `cliai loop` gets the address of its gate. Not a flag, because every user of the machine can read flags. */
export const gateVariable = "CLIAI_MODEL_GATE";
/** The header of an answer that the gate itself gives because the model server does not answer. */
export const gateAwayHeader = "x-cliai-model-server-away";

/** Ollama's form of a duration, without 0, which would unload the model. */
const durationForm = /^(?:-1|(?:[1-9]\d*(?:ms|s|m|h))+)$/;
export const KeepAliveSchema = v.pipe(
  v.string("must be a duration such as 30m, or -1"),
  v.regex(durationForm, "must be a duration such as 30m, or -1"),
);

/** As Ollama takes it: a number counts seconds there, and for ever is -1 as a number only. So every other value stays a text with its unit. */
export function keepAliveOf(text: string): string | number {
  return text === "-1" ? -1 : text;
}

const urlWords = `must be a URL such as ${exampleServer}, without a user, a password, ? and #`;
const urlForm = /^https?:\/\/[^\s/@?#]+(?:\/[^\s@?#]*)?$/;
/**
 * The address of a model server. It may contain no user and no password, because it stands in arguments, files and logs, where others can read
 * it. A key comes from a variable (`key_from`).
 */
export const ModelServerUrlSchema = v.pipe(
  v.string("must be a URL"),
  v.regex(urlForm, urlWords),
  // Refuses, for example, a port above 65535. A text of another form has got its error already.
  v.check((text) => !urlForm.test(text) || URL.canParse(text), urlWords),
);

/** The server's base, without `/v1` and slashes at its end. */
export function baseOf({ url }: Pick<ModelServerSettings, "url">): string {
  return url.replace(/\/+$/, "").replace(/\/v1$/, "");
}

/** The name of a model without its folders, because llama.cpp names a model by the path of its file. A name such as `org/model` is not a path. */
export function shownModelName(name: string): string {
  return name.endsWith(".gguf") ? (name.split(/[\\/]/).at(-1) ?? name) : name;
}

/** The base to which requests are sent: that of the gate before the server, if there is one. */
export function askedBaseOf(server: Pick<ModelServerSettings, "url" | "gate">): string {
  return server.gate ?? baseOf(server);
}

/** The key `model_server` of a profile. */
export const modelServerEntries = {
  url: described(
    ModelServerUrlSchema,
    "the server's address, without a password; /v1 at its end is left out",
  ),
  model: v.optional(
    described(textSetting("a model name"), "which model; needed where the server has several"),
  ),
  kind: v.optional(
    described(
      v.picklist(["auto", ...modelServerKinds], `must be one of auto, ${modelServerKinds.join(", ")}`),
      "what the server is; auto: found out from its answers",
    ),
    "auto",
  ),
  context: v.optional(
    described(wholeNumber(256, 100_000_000), "use no more tokens of the model's context than this"),
  ),
  keep_alive: v.optional(
    described(
      KeepAliveSchema,
      "with Ollama: keep the model loaded for this long after a request, such as 30m; -1: until Ollama ends",
    ),
  ),
  calls: v.optional(
    described(
      v.picklist(["auto", ...callForms], `must be one of auto, ${callForms.join(", ")}`),
      "how the model calls tools; native: by its template; schema: each answer is forced into a call; auto: native if the template has tools",
    ),
    "auto",
  ),
  max_steps: v.optional(
    described(wholeNumber(1, 10_000), "how often the model is asked in one turn at most; the default is 100"),
  ),
  slim: v.optional(
    described(
      v.boolean("must be true or false"),
      "few tools and short instructions, so that the first request is small, if the agent CLI can do that; without this key, only if the context is too small for all of them",
    ),
  ),
  slots: v.optional(
    described(
      wholeNumber(1, 1_000),
      "how many requests the server works on at the same time; others wait in the queue; the default is the number that the server reports",
    ),
  ),
  key_from: v.optional(
    described(textSetting("the name of a variable"), "the environment variable that holds the server's key"),
  ),
};
export const ModelServerSchema = v.strictObject(modelServerEntries, ({ expected }) =>
  expected === "Object" ? "must be an object" : "must be given",
);
export type ModelServerProfile = v.InferOutput<typeof ModelServerSchema>;

/** How an agent writes the commands that it runs. `args`: a program and its arguments. `shell`: a line for the shell. */
export const commandForms = ["args", "shell"] as const;
export type CommandForm = (typeof commandForms)[number];
