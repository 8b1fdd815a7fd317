// The live session of an agent in OpenCode: opened on `opencode serve`, spoken to over HTTP, heard over its events. Measured with 1.18.33.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import * as v from "valibot";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { atMost, pause } from "../../waiting.ts";
import type { LiveSession, SessionPipes } from "../live-session.ts";
import { createAsking } from "./opencode-asking.ts";
import { createOpencodeClient, type OpencodeClient } from "./opencode-client.ts";
import { type OpencodeEvent, readMessages, readOpencodeEvent } from "./opencode-events.ts";
import { loadedPath, serverPassword } from "./opencode-launch.ts";
import {
  checkServers,
  findSession,
  readAddress,
  readContextWindows,
  whenListening,
} from "./opencode-opening.ts";
import { createOpencodeReader, type OpencodeReader } from "./opencode-reader.ts";

const interruptWithinMs = 2_000;
const connectAgainMs = 500;
/** How many messages of ours are remembered by their orders. */
const mostOrders = 1_000;

const StatusSchema = v.record(v.string(), v.looseObject({ type: v.string() }));
const AskedSchema = v.array(v.looseObject({ id: v.string() }));

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
    // The list is taken before OpenCode is asked. A request that OpenCode makes after that comes as an event, and must not count as answered.
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

interface State {
  /** The present state of the session, in the form of the events that were lost. */
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

let lastTime = 0n;
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** An id in OpenCode's own form, because a release that sorts messages by their ids must also sort ours by time. */
export function createMessageId(): string {
  const now = BigInt(Date.now()) * 0x1000n;
  lastTime = now > lastTime ? now : lastTime + 1n;
  const time = (lastTime & 0xff_ffff_ffff_ffn).toString(16).padStart(12, "0");
  const random = [...randomBytes(14)].map((byte) => alphabet[byte % alphabet.length]).join("");
  return `msg_${time}${random}`;
}
