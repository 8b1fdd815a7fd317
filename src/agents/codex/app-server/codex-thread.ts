// Opens the thread of an agent on `codex app-server`: greets the server, makes it trust our hook, and starts or resumes the thread. Also reads
// the answers about a thread. Measured with 0.171.0.
import * as v from "valibot";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import type { Logger } from "../../../log.ts";
import type { SessionPipes } from "../../live-session.ts";
import { trustOf } from "../codex-hooks.ts";
import { readConfig, threadParams } from "../codex-launch.ts";
import type { CodexClient } from "./codex-client.ts";

/** A cold start of Codex on a busy machine takes some seconds. */
const startsWithinMs = 60_000;
/** Codex waits for the MCP servers before it opens a thread. */
const opensWithinMs = 120_000;
const unknownThread = /no rollout found|not found|invalid thread id/i;

const ThreadSchema = v.looseObject({
  thread: v.looseObject({ id: v.string() }),
  model: v.optional(v.string()),
});

export interface OpenThread {
  readonly id: string;
  readonly model: string | undefined;
}

/** @throws CliaiError `cli_missing` */
export async function openThread(
  client: Pick<CodexClient, "call" | "notify">,
  launch: SessionPipes["launch"],
  log: Logger,
): Promise<OpenThread> {
  const { agentId, cwd, hooks, sessionId, isResumed, isHeadless } = launch;
  await greet(client);
  // `account/read` tells of the login to the user's own provider, which a session on a model server does not ask.
  if (launch.modelServer === undefined) await requireLogin(client);
  const [config, list] = await Promise.all([
    client.call("config/read", { cwd, includeLayers: false }),
    client.call("hooks/list", { cwds: [cwd] }),
  ]);
  const trust = trustOf(list, hooks);
  if (trust === undefined) log.warn("codex has not taken cliai's hook: nothing can hold this agent");
  const params = threadParams(launch, readConfig(config), trust);
  const asked =
    isResumed === true
      ? client.call("thread/resume", { ...params, threadId: sessionId, excludeTurns: true }, opensWithinMs)
      : client.call("thread/start", params, opensWithinMs);
  const answer = await asked.catch((cause: unknown) => {
    throw threadFailure(isResumed === true ? sessionId : undefined, cause);
  });
  const { thread, model } = v.parse(ThreadSchema, answer);
  // A terminal can join only a thread that has a record. A new thread gets its record with its first turn, or with a name.
  if (isHeadless !== true && isResumed !== true)
    await client.call("thread/name/set", { threadId: thread.id, name: agentId });
  return { id: thread.id, model };
}

/** Sends the first request of every client. @throws CliaiError `cli_missing` */
export async function greet(client: Pick<CodexClient, "call" | "notify">): Promise<void> {
  const clientInfo = { name: "cliai", title: "cliai", version: "1" };
  const hello = { clientInfo, capabilities: { experimentalApi: true } };
  await client.call("initialize", hello, startsWithinMs).catch((cause: unknown) => {
    throw new CliaiError("cli_missing", `codex app-server does not answer: ${messageOf(cause)}`, {
      hint: "check that it runs by itself: codex --version",
      cause,
    });
  });
  client.notify("initialized");
}

const AccountSchema = v.looseObject({
  account: v.nullable(v.unknown()),
  /** Whether the model's provider takes an account of OpenAI only. */
  requiresOpenaiAuth: v.boolean(),
});

/**
 * Without this check, Codex would open its thread without a login, and repeat the first request to its model again and again.
 * @throws CliaiError `cli_missing` if nobody has logged in, and the model's provider wants a login
 */
async function requireLogin(client: Pick<CodexClient, "call">): Promise<void> {
  const answer = await client.call("account/read", { refreshToken: false }).catch(() => undefined); // a release without this request
  const read = v.safeParse(AccountSchema, answer);
  if (!read.success || read.output.account !== null || !read.output.requiresOpenaiAuth) return;
  throw new CliaiError("cli_missing", "codex cannot begin a session: it is not logged in", {
    hint: "log in with the CLI once: codex login",
  });
}

function threadFailure(resumed: string | undefined, cause: unknown): CliaiError {
  const words = messageOf(cause);
  if (resumed !== undefined && unknownThread.test(words)) {
    return new CliaiError("session_gone", `codex does not know the session "${resumed}": ${words}`, {
      hint: "list the sessions of this folder: codex resume; or leave --resume out, which begins a new session",
      cause,
    });
  }
  return new CliaiError("cli_missing", `codex cannot open its session: ${words}`, {
    hint: "check that it runs by itself in this folder: codex exec hello",
    cause,
  });
}

const TurnSchema = v.looseObject({ turn: v.looseObject({ id: v.string() }) });

/** The id of the turn that a text has begun or joined. */
export function readStartedTurn(answer: unknown): string {
  return v.parse(TurnSchema, answer).turn.id;
}

/** Whether Codex refuses a text because a turn runs that takes none: one that shortens the conversation, or a review. */
export function isNotSteerable(error: unknown): boolean {
  return messageOf(error).includes("ActiveTurnNotSteerable");
}

const TerminalsSchema = v.looseObject({
  data: v.array(v.looseObject({ itemId: v.string(), command: v.optional(v.string(), "") })),
});

/** The commands that run in the background, by the ids of their items. */
export function readTerminals(answer: unknown): ReadonlyMap<string, string> {
  return new Map(v.parse(TerminalsSchema, answer).data.map(({ itemId, command }) => [itemId, command]));
}
