// Asks a model server what it is: its kind, its models, the context, and whether the model's template has tools.
// Measured with llama.cpp b11549 and Ollama 0.17.4.
import * as v from "valibot";
import {
  baseOf,
  type CallForm,
  exampleServer,
  keepAliveOf,
  type ModelApi,
  type ModelServerKind,
  type ModelServerSettings,
} from "../../domain/model-server.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { askJson, type JsonAnswer } from "./ask-json.ts";
import { chooseModel, isSame } from "./choose-model.ts";
import { failureOf } from "./model-failure.ts";

export interface ModelFacts {
  readonly kind: ModelServerKind;
  /** The name by which the server is asked for the model. */
  readonly model: string;
  /** The context in tokens: the server's own, or that of the settings if it is smaller. Undefined if neither is known. */
  readonly context: number | undefined;
  readonly calls: CallForm;
  /** How many requests the server works on at the same time, if it tells. */
  readonly slots?: number | undefined;
}

const PropsSchema = v.looseObject({
  default_generation_settings: v.looseObject({ n_ctx: v.optional(v.number()) }),
  total_slots: v.optional(v.number()),
  chat_template_caps: v.optional(v.looseObject({ supports_tools: v.optional(v.boolean()) })),
});
const ModelsSchema = v.looseObject({
  data: v.array(v.looseObject({ id: v.string(), max_model_len: v.optional(v.nullable(v.number())) })),
});
const VersionSchema = v.looseObject({ version: v.string() });
const ShowSchema = v.looseObject({
  capabilities: v.optional(v.array(v.string())),
  modelfile: v.optional(v.string()),
});
const LoadedSchema = v.looseObject({
  models: v.array(v.looseObject({ name: v.string(), context_length: v.optional(v.number()) })),
});

/** Long enough for a large model on a slow disk, and for the requests of others before it. */
const loadsWithinMs = 1_800_000;

type Ask = (path: string, body?: unknown) => Promise<JsonAnswer>;

/** @throws NotNow; CliaiError `config_invalid` if the server has no such model or is of no known kind, `refused` if it wants a key */
export async function readModelFacts(
  settings: ModelServerSettings,
  signal: AbortSignal,
): Promise<ModelFacts> {
  const ask: Ask = (path, body) => askJson(settings, path, { body, signal });
  const kind = settings.kind ?? (await findKind(settings, ask));
  if (settings.api !== undefined && !(await hasApi(settings.api, ask)))
    throw noApiError(settings, settings.api);
  if (kind === "llama.cpp") return await llamaFacts(settings, ask);
  if (kind === "ollama") return await ollamaFacts(settings, ask, signal);
  if (kind === "anthropic") return await anthropicFacts(settings, ask);
  return await openaiFacts(settings, ask);
}

/** Whether the server has this path. If it has, it refuses the empty request with another status. */
async function hasApi(api: ModelApi, ask: Ask): Promise<boolean> {
  const { status } = await ask(api, {});
  return status !== 404 && status !== 405 && status !== 501;
}

function noApiError(settings: ModelServerSettings, api: ModelApi): CliaiError {
  return new CliaiError("config_invalid", `the model server at ${baseOf(settings)} has no ${api}`, {
    hint: "take a newer llama.cpp or Ollama, or let cliai's own loop work on it: --cli local",
  });
}

/**
 * The context with which Ollama has loaded the model; undefined while it has not.
 * @param isInUse whether Ollama has just used the model. Then it may be in the list under another name: Ollama has the same weights in memory once,
 * and names them after the model for which it has loaded them (0.17.4)
 */
export async function readLoadedContext(
  settings: ModelServerSettings,
  model: string,
  { signal, isInUse }: { readonly signal: AbortSignal; readonly isInUse: boolean },
): Promise<number | undefined> {
  const { json } = await askJson(settings, "/api/ps", { signal });
  const { output, success } = v.safeParse(LoadedSchema, json);
  const loaded = success ? output.models : [];
  const own = loaded.find(({ name }) => isSame(name, model));
  if (own !== undefined || !isInUse) return own?.context_length;
  const weights = await readWeights(settings, model, signal);
  for (const { name, context_length } of loaded) {
    if (weights !== undefined && (await readWeights(settings, name, signal)) === weights)
      return context_length;
  }
  return undefined;
}

/** The file with the model's weights, as the first `FROM` of its Modelfile names it. */
async function readWeights(
  settings: ModelServerSettings,
  model: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { json } = await askJson(settings, "/api/show", { body: { model }, signal });
  const shown = v.safeParse(ShowSchema, json);
  return shown.success ? /^FROM (.+)$/m.exec(shown.output.modelfile ?? "")?.[1] : undefined;
}

/**
 * Has Ollama load the model, and keep it loaded for as long as the settings say. Ollama then keeps to this time, unless a request names
 * another; requests to `/v1` cannot name one (0.17.4).
 * @throws NotNow; CliaiError if it cannot be loaded
 */
export async function loadIntoOllama(
  settings: ModelServerSettings,
  model: string,
  signal: AbortSignal,
): Promise<void> {
  const { keep_alive } = settings;
  const body = {
    model,
    stream: false,
    ...(keep_alive !== undefined && { keep_alive: keepAliveOf(keep_alive) }),
  };
  const { status, text } = await askJson(settings, "/api/generate", {
    body,
    signal,
    withinMs: loadsWithinMs,
  });
  if (status >= 400) throw failureOf(status, text, baseOf(settings));
}

/** The smaller of the two; the other one if one is not known. */
export function smallerContext(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

async function findKind(settings: ModelServerSettings, ask: Ask): Promise<ModelServerKind> {
  const props = await ask("/props");
  if (props.status === 401 || props.status === 403)
    throw failureOf(props.status, props.text, baseOf(settings));
  if (v.is(PropsSchema, props.json)) return "llama.cpp";
  if (v.is(VersionSchema, (await ask("/api/version")).json)) return "ollama";
  const models = await ask("/v1/models");
  if (v.is(ModelsSchema, models.json)) return settings.api === "/v1/messages" ? "anthropic" : "openai";
  if (models.status === 401 || models.status === 403)
    throw failureOf(models.status, models.text, baseOf(settings));
  throw new CliaiError(
    "config_invalid",
    `what answers at ${baseOf(settings)} is no model server: GET /v1/models gives ${models.status}`,
    { hint: `name the address of llama-server, Ollama, vLLM or LM Studio, such as ${exampleServer}` },
  );
}

async function llamaFacts(settings: ModelServerSettings, ask: Ask): Promise<ModelFacts> {
  const answer = await ask("/props");
  if (!v.is(PropsSchema, answer.json)) throw failureOf(answer.status, answer.text, baseOf(settings));
  const { default_generation_settings, total_slots: slots, chat_template_caps: caps } = answer.json;
  const hasTools = caps?.supports_tools !== false;
  return {
    kind: "llama.cpp",
    model: chooseModel(settings, await listModels(settings, ask)),
    context: smallerContext(settings.context, default_generation_settings.n_ctx),
    // The server drops tools without a word if the template has none.
    calls: callsFor(settings, hasTools),
    ...(slots !== undefined && { slots }),
  };
}

async function ollamaFacts(
  settings: ModelServerSettings,
  ask: Ask,
  signal: AbortSignal,
): Promise<ModelFacts> {
  const model = chooseModel(settings, await listModels(settings, ask));
  const shown = v.safeParse(ShowSchema, (await ask("/api/show", { model })).json);
  const capabilities = shown.success ? shown.output.capabilities : undefined;
  const isInUse = settings.keep_alive !== undefined;
  if (isInUse) await loadIntoOllama(settings, model, signal);
  const loaded = await readLoadedContext(settings, model, { signal, isInUse });
  return {
    kind: "ollama",
    model,
    context: smallerContext(settings.context, loaded),
    calls: callsFor(settings, capabilities?.includes("tools") !== false),
  };
}

/** A server with `/v1/messages` need not list its models, and does not tell their context. */
async function anthropicFacts(settings: ModelServerSettings, ask: Ask): Promise<ModelFacts> {
  const { json } = await ask("/v1/models");
  const model = chooseModel(settings, v.is(ModelsSchema, json) ? json.data : []);
  return { kind: "anthropic", model, context: settings.context, calls: callsFor(settings, true) };
}

async function openaiFacts(settings: ModelServerSettings, ask: Ask): Promise<ModelFacts> {
  const models = await listModels(settings, ask);
  const model = chooseModel(settings, models);
  const limit = models.find(({ id }) => id === model)?.max_model_len;
  return {
    kind: "openai",
    model,
    context: smallerContext(settings.context, limit ?? undefined),
    calls: callsFor(settings, true),
  };
}

type ListedModel = v.InferOutput<typeof ModelsSchema>["data"][number];

async function listModels(settings: ModelServerSettings, ask: Ask): Promise<readonly ListedModel[]> {
  const answer = await ask("/v1/models");
  if (v.is(ModelsSchema, answer.json)) return answer.json.data;
  throw failureOf(answer.status, answer.text, baseOf(settings));
}

function callsFor({ calls }: ModelServerSettings, hasTools: boolean): CallForm {
  if (calls !== "native" || hasTools) return calls ?? (hasTools ? "native" : "schema");
  throw noToolsError();
}

/** The error for settings with native calls, of a model that cannot make them. */
export function noToolsError(cause?: unknown): CliaiError {
  return new CliaiError(
    "config_invalid",
    "the model's chat template has no tools, so it cannot call one natively",
    {
      hint: "have each answer forced into the form of a call: --calls schema",
      ...(cause !== undefined && { cause }),
    },
  );
}
