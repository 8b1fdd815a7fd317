// Asks the model server of an agent before its CLI is launched, so that an error names the cause: no server, no model, no tools, a context
// that is too small. An agent CLI would only say that its request failed.
import type { AgentCli } from "../../agents/agent-cli.ts";
import type { LaunchModelServer } from "../../agents/agent-launch.ts";
import {
  baseOf,
  type ModelServerProfile,
  type ModelServerSettings,
  shownModelName,
} from "../../domain/model-server.ts";
import { type ClientPatience, createModelClient } from "../../loop/model/model-client.ts";
import { loadIntoOllama, type ModelFacts, readLoadedContext } from "../../loop/model/model-facts.ts";
import type { Environment } from "../../runtime.ts";
import { fitOf } from "./fit.ts";
import { settingsFor } from "./settings.ts";

export interface MeetOptions {
  /** The model to use instead of the one in the server's settings. */
  readonly model: string | undefined;
  /** The environment of the agent's CLI. */
  readonly env: Environment;
  readonly note: (line: string) => void;
}

/** Short, because whoever launches the agent waits for it. */
const launchPatience: ClientPatience = { firstMs: 2_000, awayMs: 2_000, busyMs: 10_000, silentMs: 10_000 };
const loadsWithinMs = 12_000;

/**
 * The server's settings, completed with what the server reports: its name for the model, and its context. A CLI that asks the server by
 * itself gets the settings unchanged.
 * @throws CliaiError `no_answer` if no server is there, or it still loads; `config_invalid` if the CLI cannot work on it
 */
export async function meetModelServer(
  server: ModelServerProfile,
  cli: AgentCli,
  { model, env, note }: MeetOptions,
  patience = launchPatience,
): Promise<LaunchModelServer> {
  const wanted = { ...server, model: model ?? server.model };
  if (cli.modelServer?.ownTokens === undefined) return wanted;
  const settings = settingsFor(cli, wanted, env);
  const notes = new Set<string>();
  const told = await createModelClient(settings, patience).facts(new AbortController().signal, (why) => {
    if (!notes.has(why)) note(why);
    notes.add(why);
  });
  const isUnknown = told.kind === "ollama" && told.context === undefined;
  const facts = isUnknown ? { ...told, context: await loadedContext(settings, told, note) } : told;
  const { isSlim, fullNeeds } = fitOf(cli, server, facts);
  if (isSlim && server.slim === undefined) {
    const why = `for all of them it needs a context of about ${fullNeeds} tokens, and ${baseOf(server)} has ${facts.context}`;
    note(`${cli.name} gets few tools and short instructions: ${why}`);
  }
  const lack = cli.modelServer.lacks?.[facts.kind];
  if (lack !== undefined) note(`${cli.name}: ${lack}`);
  return { ...server, model: nameFor(facts), context: facts.context, key: settings.key, isSlim };
}

/** Loads the model, because Ollama reports a model's context only then. Undefined if that takes longer than `loadsWithinMs`. */
async function loadedContext(
  settings: ModelServerSettings,
  { model }: ModelFacts,
  note: (line: string) => void,
): Promise<number | undefined> {
  note(`Ollama loads ${model}`);
  const late = AbortSignal.timeout(loadsWithinMs);
  try {
    await loadIntoOllama(settings, model, late);
    return await readLoadedContext(settings, model, { signal: late, isInUse: true });
  } catch (error) {
    if (!late.aborted) throw error;
    note(`Ollama still loads ${model}: its context is not known yet`);
    return undefined;
  }
}

/** llama.cpp calls a model by the path of its file, and takes any name. */
function nameFor({ kind, model }: ModelFacts): string {
  return kind === "llama.cpp" ? shownModelName(model) : model;
}
