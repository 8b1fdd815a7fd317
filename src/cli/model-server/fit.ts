// Judges whether an agent CLI can work on a model: whether the model has tools, and room for what the CLI sends. Pure.
import type { AgentCli } from "../../agents/agent-cli.ts";
import {
  baseOf,
  type ModelServerKind,
  type ModelServerProfile,
  shownModelName,
} from "../../domain/model-server.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { ModelFacts } from "../../loop/model/model-facts.ts";

/** What cliai's own loop needs for its instructions, its tools and an answer. */
const smallestForLoop = 4_096;

export interface Fit {
  /** Whether the CLI is to be started in its slim form. */
  readonly isSlim: boolean;
  /** The context that the CLI needs with all its tools and instructions. */
  readonly fullNeeds: number;
}

/** @throws CliaiError `config_invalid` if the CLI cannot work on that model */
export function fitOf(
  cli: AgentCli,
  server: Pick<ModelServerProfile, "url" | "slim">,
  facts: Pick<ModelFacts, "kind" | "model" | "context" | "calls">,
): Fit {
  const url = baseOf(server);
  const { context = Number.POSITIVE_INFINITY, kind } = facts;
  const { ownTokens } = cli.modelServer ?? {};
  if (ownTokens === undefined) {
    if (context < smallestForLoop) throw tooSmall(cli, { url, context, kind, needed: smallestForLoop });
    return { isSlim: false, fullNeeds: smallestForLoop };
  }
  if (facts.calls === "schema") throw noToolsFor(cli, url, facts);
  const { full, slim } = ownTokens;
  const fullNeeds = neededFor(full);
  const isSlim = slim !== undefined && (server.slim ?? context < fullNeeds);
  const own = isSlim ? slim : full;
  if (context >= neededFor(own)) return { isSlim, fullNeeds };
  const couldBeSlim = slim !== undefined && !isSlim && context >= neededFor(slim);
  throw tooSmall(cli, { url, context, kind, needed: neededFor(own), own, couldBeSlim });
}

/** A quarter of the context is left for the task and the answers. */
function neededFor(ownTokens: number): number {
  return Math.ceil((ownTokens * 4) / 3 / 100) * 100;
}

interface SmallContext {
  readonly url: string;
  readonly context: number;
  readonly kind: ModelServerKind;
  readonly needed: number;
  /** How many tokens the CLI sends by itself. */
  readonly own?: number;
  readonly couldBeSlim?: boolean;
}

function tooSmall(
  { name }: AgentCli,
  { url, context, kind, needed, own, couldBeSlim = false }: SmallContext,
): CliaiError {
  const why =
    own === undefined
      ? `needs ${needed.toLocaleString("en")}`
      : `sends about ${own.toLocaleString("en")} tokens before your task`;
  const loop = own === undefined ? "" : "; cliai's own loop needs less: --cli local";
  return new CliaiError(
    "config_invalid",
    `the context of ${context} tokens at ${url} is too small for ${name}, which ${why}`,
    {
      hint: couldBeSlim
        ? 'leave "slim": false out of the profile, or give the model a larger context'
        : `${largerContext(kind, needed)}${loop}`,
    },
  );
}

/** How the server is started with a context of at least that many tokens. */
function largerContext(kind: ModelServerKind, tokens: number): string {
  const size = 2 ** Math.ceil(Math.log2(tokens * 1.5));
  if (kind === "llama.cpp") return `start the server with a larger one: llama-server --ctx-size ${size}`;
  if (kind === "ollama")
    return `start the server with a larger one: OLLAMA_CONTEXT_LENGTH=${size} ollama serve`;
  return `give the model a context of ${size} tokens`;
}

function noToolsFor(
  { name }: AgentCli,
  url: string,
  { model, kind }: Pick<ModelFacts, "model" | "kind">,
): CliaiError {
  const other =
    kind === "llama.cpp"
      ? "start llama-server with a template that has tools (--chat-template-file), or "
      : "";
  return new CliaiError(
    "config_invalid",
    `the chat template of ${shownModelName(model)} at ${url} has no tools, so ${name} could not use any`,
    { hint: `${other}take another model, or cliai's own loop, which works with any model: --cli local` },
  );
}
