// Checks the model servers that profiles name: whether each answers, has its model, has room for an agent, how fast it is, and how many
// agents share its slots.
import { hostname } from "node:os";
import { findAgentCli } from "../../agents/agent-clis.ts";
import { type ModelServer, modelServersOf } from "../../domain/fleet/shown/model-servers.ts";
import { modelServerName } from "../../domain/model-queue/server-name.ts";
import { baseOf, type ModelServerProfile, shownModelName } from "../../domain/model-server.ts";
import { type Check, finding, well } from "../../domain/system/check.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { createModelClient, type ModelClient } from "../../loop/model/model-client.ts";
import type { ModelFacts } from "../../loop/model/model-facts.ts";
import type { FoundProfile } from "../../profiles/profile-set.ts";
import type { Environment } from "../../runtime.ts";
import { type ClientArgs, withClient } from "../fleet/client.ts";
import { createFleetReader, viewsOf } from "../fleet/fleet-reading.ts";
import { loadConfig } from "../frame/config-file.ts";
import type { CliContext } from "../frame/context.ts";
import { modelServerOf } from "../model-server/choose.ts";
import { fitOf } from "../model-server/fit.ts";
import { settingsFor } from "../model-server/settings.ts";
import { profileReader } from "../spawn/profile.ts";

/** How long a server may take to answer a small request. If other agents keep it busy for longer, that is no problem. */
const answersWithinMs = 20_000;
const noPatience = { firstMs: 0, awayMs: 0, busyMs: 0, silentMs: answersWithinMs };
const leastTokens = 5;
const smallRequest = {
  messages: [{ role: "user", content: "Say hello." }] as const,
  tools: [],
  answerTokens: 16,
};

/** The model servers on which agents of the fleet work; none if the fleet cannot be read, which checkNats() reports. */
export async function readServersInUse(
  args: ClientArgs,
  context: CliContext,
): Promise<readonly ModelServer[]> {
  const quiet = { ...context, note: () => undefined };
  try {
    return await withClient(args, context, async (bus) =>
      modelServersOf(viewsOf(await createFleetReader(bus, quiet).all())),
    );
  } catch (error) {
    if (error instanceof CliaiError) return [];
    throw error;
  }
}

/**
 * Returns no check if no profile names a server, or if the profiles cannot be read, which checkProfiles() reports.
 * @param inUse the model servers on which agents work now
 */
export async function checkModelServers(
  dataDir: string,
  inUse: readonly ModelServer[],
  context: CliContext,
): Promise<Check[]> {
  const servers = await namedServers(dataDir, context).catch((error: unknown) => {
    if (error instanceof CliaiError) return [];
    throw error;
  });
  return await Promise.all(servers.map((server) => checkModelServer(server, inUse, context.env)));
}

interface NamedServer {
  readonly server: ModelServerProfile;
  /** The first of the profiles. */
  readonly found: FoundProfile;
  readonly profiles: readonly string[];
}

/** Each model server with the profiles that give it the same settings and the same CLI. */
async function namedServers(dataDir: string, context: CliContext): Promise<NamedServer[]> {
  const read = profileReader(await loadConfig(undefined, context), dataDir);
  const listed = (await read(context.cwd)).list().flatMap(({ name, found }) => {
    const server = found?.profile.model_server;
    return found === undefined || server === undefined ? [] : [{ name, server, found }];
  });
  const same = Map.groupBy(listed, ({ server, found }) => JSON.stringify([found.profile.cli, server]));
  return [...same.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ ...first, profiles: group.map(({ name }) => name) }];
  });
}

async function checkModelServer(
  { server, found, profiles }: NamedServer,
  inUse: readonly ModelServer[],
  env: Environment,
): Promise<Check> {
  const named = `${server.url} (${profiles.length === 1 ? "profile" : "profiles"} ${profiles.join(", ")})`;
  const signal = AbortSignal.timeout(answersWithinMs);
  try {
    const cli = findAgentCli(found.profile.cli, found.profile.acp);
    modelServerOf(found, cli, undefined);
    const client = createModelClient(settingsFor(cli, server, env), noPatience);
    const before = await client.facts(signal, unheard);
    // measure() asks /v1/chat/completions, which a server of the kind `anthropic` may not have.
    const speed = before.kind === "anthropic" ? undefined : await measure(client, signal);
    const facts = speed?.isAnswered === true ? await client.facts(signal, unheard) : before;
    const { isSlim } = fitOf(cli, server, facts);
    const form = isSlim ? `; ${cli.name} gets few tools and short instructions` : "";
    const name = modelServerName(baseOf(server), hostname());
    const used = inUse.find((each) => each.server === name);
    return well(
      "model-server",
      `${named}: ${describe(facts, used)}${speed === undefined ? "" : `; ${pace(speed)}`}${form}`,
    );
  } catch (error) {
    if (!(error instanceof CliaiError)) {
      const why = signal.aborted ? `no answer within ${answersWithinMs / 1_000} s` : messageOf(error);
      return finding("model-server", `${named}: ${why}`, "see the model server's log");
    }
    return finding("model-server", `${named}: ${error.message}`, error.hint ?? "correct it in the profile");
  }
}

interface Speed {
  readonly isAnswered: boolean;
  /** When the first word of the answer came; undefined if none came. */
  readonly firstMs: number | undefined;
  readonly tokensPerS: number | undefined;
}

/** Takes the client's words about waits, which doctor does not print. */
const unheard = (_why: string) => undefined;

/** How fast the server answers one small request. */
async function measure(client: ModelClient, signal: AbortSignal): Promise<Speed> {
  const began = performance.now();
  let firstMs: number | undefined;
  const heard = () => {
    firstMs ??= performance.now() - began;
  };
  const listener = { onText: heard, onThought: heard, onWait: unheard };
  const answer = await client.ask(smallRequest, signal, listener).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  const wroteMs = performance.now() - began - (firstMs ?? 0);
  const tokensPerS = answer?.usage?.tokensPerS ?? measuredSpeed(answer?.usage?.answerTokens ?? 0, wroteMs);
  return { isAnswered: answer !== undefined, firstMs, tokensPerS };
}

/** Of a server that does not tell its speed, such as Ollama: the tokens after the first one. Undefined if these are too few to tell. */
function measuredSpeed(answerTokens: number, wroteMs: number): number | undefined {
  return answerTokens < leastTokens || wroteMs <= 0 ? undefined : ((answerTokens - 1) / wroteMs) * 1_000;
}

/** `llama.cpp, tiny.gguf, 8192 tokens of context, 1 slot for 3 agents, calls by schema` */
function describe(
  { kind, model, context, calls, ...facts }: ModelFacts,
  used: ModelServer | undefined,
): string {
  const slots = facts.slots ?? used?.slots;
  const parts = [
    ...[kind, shownModelName(model)],
    context === undefined ? "a context of unknown size" : `${context} tokens of context`,
    ...(slots === undefined ? [] : [`${slots === 1 ? "1 slot" : `${slots} slots`}${sharing(slots, used)}`]),
    calls === "native" ? "native calls" : "calls by schema, because its template has no tools",
  ];
  return parts.join(", ");
}

/** The agents that work on it now, of any profile and on any machine. */
function sharing(slots: number, used: ModelServer | undefined): string {
  if (used === undefined) return "";
  const { running, waiting, idle } = used;
  const agents = new Set([...running.map(idOf), ...waiting.map(idOf), ...idle]).size;
  return ` for ${agents === 1 ? "1 agent" : `${agents} agents`}${agents > slots ? ", which take turns" : ""}`;
}

const idOf = ({ agent_id }: ModelServer["running"][number]) => agent_id;

function pace({ firstMs, tokensPerS }: Speed): string {
  if (firstMs === undefined) return `busy: no word within ${answersWithinMs / 1_000} s`;
  const first = `its first word came after ${(firstMs / 1_000).toFixed(1)} s`;
  return tokensPerS === undefined ? first : `${first}, then ${Math.round(tokensPerS)} tokens/s`;
}
