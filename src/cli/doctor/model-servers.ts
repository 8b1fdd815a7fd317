// Checks the model servers that profiles name: whether each answers, has its model, has room for an agent, and how fast it is.

import type { ModelServerProfile } from "../../domain/model-server.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { createModelClient } from "../../loop/model/model-client.ts";
import { type ModelFacts, shownName } from "../../loop/model/model-facts.ts";
import type { Environment } from "../../runtime.ts";
import { loadConfig } from "../frame/config-file.ts";
import type { CliContext } from "../frame/context.ts";
import { settingsOf } from "../model-server-settings.ts";
import { profileReader } from "../spawn/profile.ts";
import { type Check, finding, well } from "./check.ts";

/** A server that other agents keep busy may not come to a small request in this time, which is no problem. */
const answersWithinMs = 20_000;
/** What an agent needs for its instructions, its tools and an answer. */
const smallestContext = 4_096;
const noPatience = { firstMs: 0, awayMs: 0, busyMs: 0, silentMs: answersWithinMs };
const smallRequest = {
  messages: [{ role: "user", content: "Say hello." }] as const,
  tools: [],
  answerTokens: 16,
};

/** No check if no profile names a server. A profile that cannot be read is told by the check of the profiles. */
export async function checkModelServers(dataDir: string, context: CliContext): Promise<Check[]> {
  const servers = await namedServers(dataDir, context).catch((error: unknown) => {
    if (error instanceof CliaiError) return [];
    throw error;
  });
  return await Promise.all(servers.map((server) => checkModelServer(server, context.env)));
}

interface NamedServer {
  readonly server: ModelServerProfile;
  readonly profiles: readonly string[];
}

/** Each server once, with the profiles that name it in the same way. */
async function namedServers(dataDir: string, context: CliContext): Promise<NamedServer[]> {
  const read = profileReader(await loadConfig(undefined, context), dataDir);
  const listed = (await read(context.cwd)).list().flatMap(({ name, found }) => {
    const server = found?.profile.model_server;
    return server === undefined ? [] : [{ name, server }];
  });
  return [...Map.groupBy(listed, ({ server }) => JSON.stringify(server)).values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [{ server: first.server, profiles: same.map(({ name }) => name) }];
  });
}

async function checkModelServer({ server, profiles }: NamedServer, env: Environment): Promise<Check> {
  const named = `${server.url} (${profiles.length === 1 ? "profile" : "profiles"} ${profiles.join(", ")})`;
  const signal = AbortSignal.timeout(answersWithinMs);
  const unheard = () => undefined;
  try {
    const client = createModelClient(settingsOf(server, env), noPatience);
    const before = await client.facts(signal, unheard);
    const began = performance.now();
    let firstMs: number | undefined;
    const heard = () => {
      firstMs ??= performance.now() - began;
    };
    const listener = { onText: heard, onThought: heard, onWait: unheard };
    const answer = await client.ask(smallRequest, signal, listener).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    const facts = answer === undefined ? before : await client.facts(signal, unheard);
    const { context } = facts;
    if (context !== undefined && context < smallestContext) {
      return finding(
        "model-server",
        `${named}: its context of ${context} tokens is too small for an agent, which needs ${smallestContext}`,
        "start the server with a larger one: llama-server --ctx-size 16384, or OLLAMA_CONTEXT_LENGTH=16384 ollama serve",
      );
    }
    const speed = answer?.usage?.tokensPerS;
    return well("model-server", `${named}: ${describe(facts)}; ${pace(firstMs, speed)}`);
  } catch (error) {
    if (!(error instanceof CliaiError)) {
      const why = signal.aborted ? `no answer within ${answersWithinMs / 1_000} s` : messageOf(error);
      return finding("model-server", `${named}: ${why}`, "look into the server's log");
    }
    return finding("model-server", `${named}: ${error.message}`, error.hint ?? "correct it in the profile");
  }
}

/** `llama.cpp, tiny.gguf, 8192 tokens of context, 1 slot, calls by schema` */
function describe({ kind, model, context, slots, calls }: ModelFacts): string {
  const parts = [
    ...[kind, shownName(model)],
    context === undefined ? "a context that it does not tell" : `${context} tokens of context`,
    ...(slots === undefined ? [] : [slots === 1 ? "1 slot" : `${slots} slots`]),
    calls === "native" ? "native calls" : "calls by schema, because its template has no tools",
  ];
  return parts.join(", ");
}

function pace(firstMs: number | undefined, tokensPerS: number | undefined): string {
  if (firstMs === undefined) return `busy: no word within ${answersWithinMs / 1_000} s`;
  const first = `its first word came after ${(firstMs / 1_000).toFixed(1)} s`;
  return tokensPerS === undefined ? first : `${first}, then ${Math.round(tokensPerS)} tokens/s`;
}
