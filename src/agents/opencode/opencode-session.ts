// The live session of an agent in OpenCode: opened on `opencode serve`, spoken to over HTTP, heard over its events. Measured with 1.18.33.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { Readable } from "node:stream";
import * as v from "valibot";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { createLineSplitter } from "../../domain/text/lines.ts";
import { atMost, pause } from "../../waiting.ts";
import type { LiveSession, SessionPipes } from "../live-session.ts";
import { createAsking } from "./opencode-asking.ts";
import { createOpencodeClient, type OpencodeClient, OpencodeRefusal } from "./opencode-client.ts";
import { type OpencodeEvent, readMessages, readOpencodeEvent } from "./opencode-events.ts";
import { loadedPath, serverPassword } from "./opencode-launch.ts";
import { createOpencodeReader, type OpencodeReader } from "./opencode-reader.ts";
import { ownServer } from "./opencode-tools.ts";

/** A cold start of OpenCode on a busy machine takes some seconds. */
const startsWithinMs = 60_000;
/** With a plugin, 1.18.33 first installs a package of its own. Where the registry cannot be reached, it gives up after some 80 s. */
const opensWithinMs = 180_000;
const slowMs = 15_000;
const interruptWithinMs = 2_000;
const connectAgainMs = 500;
/** The HTTP status for a session that OpenCode does not know. */
const notFound = 404;
/** How many messages of ours are remembered by their orders. */
const mostOrders = 1_000;

const SessionSchema = v.looseObject({ id: v.string() });
const StatusSchema = v.record(v.string(), v.looseObject({ type: v.string() }));
const AskedSchema = v.array(v.looseObject({ id: v.string() }));
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

/** What is there once the session is open. */
interface Opened {
  readonly client: OpencodeClient;
  readonly session: string;
  readonly reader: OpencodeReader;
  readonly isGated: boolean;
}

export function openOpencodeSession(pipes: SessionPipes): LiveSession {
  const ended = new AbortController();
  pipes.stdout.once("close", () => ended.abort());
  const orders = new Map<string, string>();
  let opened: Opened | undefined;

  const prompt = async (text: string, order?: string) => {
    if (opened === undefined || ended.signal.aborted)
      throw new CliaiError("failed", "the session of opencode has ended");
    const messageID = createMessageId();
    if (order !== undefined) orders.set(messageID, order);
    const [oldest] = orders.keys();
    if (orders.size > mostOrders && oldest !== undefined) orders.delete(oldest);
    const parts = [{ type: "text", text }];
    await opened.client.call("POST", `/session/${opened.session}/prompt_async`, { messageID, parts });
  };
  const open = async () => {
    const url = await readAddress(pipes.stdout, ended.signal);
    if (url === undefined) return;
    opened = await openSession(pipes, url, {
      ended: ended.signal,
      orderOf: (id) => orders.get(id),
      goOn: prompt,
    });
  };
  const whenReady = open().catch((error: unknown) => {
    if (!ended.signal.aborted) throw error;
  });
  return {
    route: "http-api",
    whenReady,
    get carriesHooks() {
      return opened?.isGated === true;
    },
    async say(text, id) {
      const isSteered = opened?.reader.isBusy() === true;
      await prompt(text, id);
      return isSteered ? "steered" : "started";
    },
    async interrupt() {
      if (opened === undefined) return false;
      const { client, session } = opened;
      let isDone = false;
      const abort = client.call("POST", `/session/${session}/abort`).then(
        () => {
          isDone = true;
        },
        (error: unknown) => pipes.log.info(`the interrupt: ${messageOf(error)}`),
      );
      await atMost(interruptWithinMs, abort);
      return isDone;
    },
  };
}

interface OpeningOptions {
  readonly ended: AbortSignal;
  readonly orderOf: (messageId: string) => string | undefined;
  readonly goOn: (text: string) => Promise<void>;
}

async function openSession(
  pipes: SessionPipes,
  url: string,
  { ended, ...options }: OpeningOptions,
): Promise<Opened> {
  const { launch, log } = pipes;
  const { hooks, dir, cwd, isHeadless = false, strictMcp } = launch;
  const client = createOpencodeClient({ url, password: serverPassword(hooks.token), directory: cwd });
  const early: OpencodeEvent[] = [];
  let take = (event: OpencodeEvent) => void early.push(event);
  let readAgain = async () => {};
  const listening = hear(client, { ended, log, onEvent: (event) => take(event), onLost: () => readAgain() });
  await whenListening(listening, log);
  const { id: session, before } = await findSession(client, launch);
  const loaded = loadedPath(dir, hooks.token);
  const isGated = existsSync(loaded);
  await rm(loaded, { force: true });
  if (!isGated) log.warn("opencode has not loaded cliai's plugin: nothing can hold this agent");
  await checkServers(client, { strictMcp, log });
  const windows = await readContextWindows(client).catch(() => new Map<string, number>()); // figures are left out then
  const asking = createAsking({ client, onHook: pipes.onHook, isHeadless, log });
  const reader = createOpencodeReader({
    ...{ ...pipes, ...options, session, isGated, asking },
    contextWindowOf: (provider, model) => windows.get(`${provider}/${model}`),
  });
  reader.skip(before);
  let last = Promise.resolve();
  take = (event) => {
    last = last
      .then(() => reader.take(event))
      .catch((error: unknown) => log.warn(`an event of opencode (${event.type}): ${messageOf(error)}`));
  };
  readAgain = async () => {
    await last;
    // Those that stood before OpenCode is asked what still stands: a request that comes meanwhile comes as an event.
    const stood = asking.open();
    const { events, requests } = await readState(client, session);
    for (const id of stood.filter((each) => !requests.has(each))) asking.answered(id);
    for (const event of events) take(event);
  };
  pipes.onSession(session);
  for (const event of early) take(event);
  return { client, session, reader, isGated };
}

interface HearingOptions extends Pick<SessionPipes, "log"> {
  readonly ended: AbortSignal;
  readonly onEvent: (event: OpencodeEvent) => void;
  /** The connection was lost, and is there again. */
  readonly onLost: () => Promise<void>;
}

/** Listens until the CLI has ended. Resolves when the events come for the first time. */
function hear(client: OpencodeClient, { ended, log, onEvent, onLost }: HearingOptions): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let wasOpen = false;
  const onOpen = () => {
    resolve();
    if (wasOpen)
      onLost().catch((error: unknown) => log.warn(`reading opencode's session again: ${messageOf(error)}`));
    wasOpen = true;
  };
  const read = (event: unknown) => {
    const known = readOpencodeEvent(event);
    if (known !== undefined) onEvent(known);
  };
  const run = async () => {
    while (!ended.aborted) {
      try {
        await client.listen(read, onOpen, ended);
      } catch (error) {
        if (!ended.aborted) log.info(`opencode's events: ${messageOf(error)}`);
      }
      await pause(connectAgainMs, ended);
    }
    resolve();
  };
  void run();
  return promise;
}

/** @throws CliaiError `cli_missing` */
async function whenListening(listening: Promise<void>, log: SessionPipes["log"]): Promise<void> {
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
async function findSession(
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
        hint: "opencode session list names those of this folder; without --resume it begins a new one",
        cause,
      },
    );
  });
  return { id: sessionId, before: readMessages(await client.call("GET", `${path}/message`)) };
}

/** Says which of the agent's MCP servers is missing. With `strictMcp`: disconnects all but cliai's. */
async function checkServers(
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

async function readContextWindows(client: OpencodeClient): Promise<ReadonlyMap<string, number>> {
  const { providers } = v.parse(ProvidersSchema, await client.call("GET", "/config/providers"));
  return new Map(
    providers.flatMap(({ id, models }) =>
      Object.entries(models).flatMap(([model, { limit }]) => {
        return limit?.context === undefined ? [] : [[`${id}/${model}`, limit.context] as const];
      }),
    ),
  );
}

interface State {
  /** What the events would have told meanwhile. */
  readonly events: readonly OpencodeEvent[];
  /** The ids of the requests that wait for an answer, of every session. */
  readonly requests: ReadonlySet<string>;
}

async function readState(client: OpencodeClient, session: string): Promise<State> {
  const messages = readMessages(await client.call("GET", `/session/${session}/message`));
  const statuses = v.parse(StatusSchema, await client.call("GET", "/session/status"));
  const asked = async (kind: "permission" | "question") => {
    const list = v.parse(AskedSchema, await client.call("GET", `/${kind}`));
    return list.map((properties) => ({ type: `${kind}.asked`, properties }));
  };
  const properties = { sessionID: session, status: statuses[session] ?? { type: "idle" } };
  const requests = [...(await asked("permission")), ...(await asked("question"))];
  const rest = [{ type: "session.status", properties }, ...requests];
  return {
    events: [...messages, ...rest.flatMap((event) => readOpencodeEvent(event) ?? [])],
    requests: new Set(requests.map((request) => request.properties.id)),
  };
}

/** Resolves with the address that `opencode serve` prints; undefined if it ends before. @throws CliaiError `cli_missing` */
async function readAddress(stdout: Readable, ended: AbortSignal): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const lines = createLineSplitter();
  const look = (line: string) => {
    const [address] = /http:\/\/[^\s/]+/.exec(line) ?? [];
    if (address !== undefined && line.includes("listening")) resolve(address);
  };
  // It goes on reading, because OpenCode would stop at a full pipe.
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

let lastTime = 0n;
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** In OpenCode's own form: a release that sorts messages by their ids would sort ours by time, too. */
export function createMessageId(): string {
  const now = BigInt(Date.now()) * 0x1000n;
  lastTime = now > lastTime ? now : lastTime + 1n;
  const time = (lastTime & 0xff_ffff_ffff_ffn).toString(16).padStart(12, "0");
  const random = [...randomBytes(14)].map((byte) => alphabet[byte % alphabet.length]).join("");
  return `msg_${time}${random}`;
}
