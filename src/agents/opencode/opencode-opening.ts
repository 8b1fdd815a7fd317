// The steps that open the session of an agent on `opencode serve`: read the server's address, wait for its events, make or find the session,
// check the MCP servers, and read the models' context windows. Measured with 1.18.33.
import type { Readable } from "node:stream";
import * as v from "valibot";
import { CliaiError } from "../../domain/text/errors.ts";
import { createLineSplitter } from "../../domain/text/lines.ts";
import { atMost, pause } from "../../waiting.ts";
import type { SessionPipes } from "../live-session.ts";
import { type OpencodeClient, OpencodeRefusal } from "./opencode-client.ts";
import { type OpencodeEvent, readMessages } from "./opencode-events.ts";
import { ownServer } from "./opencode-tools.ts";

/** A cold start of OpenCode on a busy machine takes some seconds. */
const startsWithinMs = 60_000;
/** With a plugin, 1.18.33 first installs a package of its own. Where the registry cannot be reached, it gives up after some 80 s. */
const opensWithinMs = 180_000;
const slowMs = 15_000;
/** The HTTP status for a session that OpenCode does not know. */
const notFound = 404;

const SessionSchema = v.looseObject({ id: v.string() });
const McpSchema = v.record(v.string(), v.looseObject({ status: v.string(), error: v.optional(v.string()) }));
const ProvidersSchema = v.looseObject({
  providers: v.array(
    v.looseObject({
      id: v.string(),
      models: v.record(
        v.string(),
        v.looseObject({ limit: v.optional(v.looseObject({ context: v.optional(v.number()) })) }),
      ),
    }),
  ),
});

/** Resolves with the address that `opencode serve` prints; undefined if it ends before. @throws CliaiError `cli_missing` */
export async function readAddress(stdout: Readable, ended: AbortSignal): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const lines = createLineSplitter();
  const look = (line: string) => {
    const [address] = /http:\/\/[^\s/]+/.exec(line) ?? [];
    if (address !== undefined && line.includes("listening")) resolve(address);
  };
  // Reads on after the address, because OpenCode would stop at a full pipe.
  stdout.setEncoding("utf8").on("data", (part: string) => lines.push(part).forEach(look));
  ended.addEventListener("abort", () => resolve(undefined), { once: true });
  const late = pause(startsWithinMs, ended).then(() => {
    if (ended.aborted) return undefined;
    throw new CliaiError(
      "cli_missing",
      `opencode serve has not said its address within ${startsWithinMs / 1_000} s`,
      {
        hint: "check that it runs by itself: opencode serve",
      },
    );
  });
  return await Promise.race([promise, late]);
}

/** @throws CliaiError `cli_missing` */
export async function whenListening(listening: Promise<void>, log: SessionPipes["log"]): Promise<void> {
  let isListening = false;
  const listens = listening.then(() => {
    isListening = true;
  });
  await atMost(slowMs, listens);
  if (isListening) return;
  log.info(
    "opencode is slow to begin: it may be installing its package for plugins, or wait for the registry",
  );
  await atMost(opensWithinMs - slowMs, listens);
  if (isListening) return;
  throw new CliaiError("cli_missing", `opencode serve has not answered within ${opensWithinMs / 1_000} s`, {
    hint: "its log says why: ~/.local/share/opencode/log/opencode.log",
  });
}

/** Makes the session, or finds the one to resume, with the messages that it has already. */
export async function findSession(
  client: OpencodeClient,
  { agentId, sessionId, isResumed }: SessionPipes["launch"],
): Promise<{ readonly id: string; readonly before: readonly OpencodeEvent[] }> {
  if (isResumed !== true) {
    // Without a title OpenCode asks the model for one.
    const made = v.parse(SessionSchema, await client.call("POST", "/session", { title: `cliai ${agentId}` }));
    return { id: made.id, before: [] };
  }
  const path = `/session/${encodeURIComponent(sessionId)}`;
  await client.call("GET", path).catch((cause: unknown) => {
    if (!(cause instanceof OpencodeRefusal) || cause.status !== notFound) throw cause;
    throw new CliaiError(
      "session_gone",
      `opencode does not know the session "${sessionId}": Session not found`,
      {
        hint: "list the sessions of this folder: opencode session list; or leave --resume out, which begins a new session",
        cause,
      },
    );
  });
  return { id: sessionId, before: readMessages(await client.call("GET", `${path}/message`)) };
}

/** Logs an error if cliai's MCP server is missing. With `strictMcp`: disconnects all other servers. */
export async function checkServers(
  client: OpencodeClient,
  { strictMcp, log }: Pick<SessionPipes["launch"], "strictMcp"> & Pick<SessionPipes, "log">,
): Promise<void> {
  const servers = v.parse(McpSchema, await client.call("GET", "/mcp"));
  const own = servers[ownServer];
  if (own?.status !== "connected") {
    log.error(`cliai's MCP server is missing in opencode (${own?.error ?? own?.status ?? "not configured"})`);
  }
  if (!strictMcp) return;
  for (const name of Object.keys(servers).filter((each) => each !== ownServer)) {
    await client.call("POST", `/mcp/${encodeURIComponent(name)}/disconnect`);
  }
}

export async function readContextWindows(client: OpencodeClient): Promise<ReadonlyMap<string, number>> {
  const { providers } = v.parse(ProvidersSchema, await client.call("GET", "/config/providers"));
  return new Map(
    providers.flatMap(({ id, models }) =>
      Object.entries(models).flatMap(([model, { limit }]) => {
        return limit?.context === undefined ? [] : [[`${id}/${model}`, limit.context] as const];
      }),
    ),
  );
}
