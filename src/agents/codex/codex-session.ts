// The live session of an agent in Codex: a thread of `codex app-server`, over its pipes or, beside a terminal, its socket. Measured with
// 0.171.0.
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { atMost } from "../../waiting.ts";
import type { LiveSession, Said, SessionPipes } from "../live-session.ts";
import { type CodexClient, createCodexClient } from "./app-server/codex-client.ts";
import { isNotSteerable, openThread, readStartedTurn, readTerminals } from "./app-server/codex-thread.ts";
import {
  connectPipes,
  connectSocket,
  type Transport,
  type TransportListener,
} from "./app-server/codex-transport.ts";
import { createAsking, inputOf } from "./codex-asking.ts";
import { readCodexEvent } from "./codex-events.ts";
import { loginRemedyOf } from "./codex-failures.ts";
import { socketPath } from "./codex-launch.ts";
import { type CodexReader, createCodexReader } from "./codex-reader.ts";

const interruptWithinMs = 2_000;
/** How many messages of ours are remembered by their orders. */
const mostOrders = 1_000;

/** What is there once the thread is open. */
interface Opened {
  readonly thread: string;
  readonly reader: CodexReader;
}

export function openCodexSession(pipes: SessionPipes): LiveSession {
  const { launch, log } = pipes;
  const ended = new AbortController();
  const orders = new Map<string, string>();
  let transport: Transport | undefined;
  let opened: Opened | undefined;
  let last = Promise.resolve();
  /** Takes Codex's messages one after the other, so that a request finds what the notifications before it have told. */
  const inOrder = (method: string, take: () => Promise<void> | void) => {
    last = last
      .then(take)
      .catch((error: unknown) => log.warn(`a message of codex (${method}): ${messageOf(error)}`));
  };

  const client = createCodexClient({
    send: (text) => transport?.send(text),
    onNotification(method, params) {
      const event = readCodexEvent(method, params);
      const reader = opened?.reader; // before the thread is open, nothing is told of its work
      if (event !== undefined && reader !== undefined) inOrder(method, () => reader.take(event));
    },
    onRequest: (id, method, params) =>
      inOrder(method, () => (ended.signal.aborted ? undefined : asking.take(id, method, params))),
    log,
  });
  const asking = createAsking({
    ...{ client, onHook: pipes.onHook, isHeadless: launch.isHeadless === true, log },
    reader: () => opened?.reader,
  });
  const say = async (text: string, order?: string): Promise<Said> => {
    if (opened === undefined || ended.signal.aborted)
      throw new CliaiError("failed", "the session of codex has ended");
    const clientId = `cliai-${crypto.randomUUID()}`;
    if (order !== undefined) orders.set(clientId, order);
    const [oldest] = orders.keys();
    if (orders.size > mostOrders && oldest !== undefined) orders.delete(oldest);
    const { thread, reader } = opened;
    const before = reader.turnOf(thread);
    // While a turn runs, `turn/start` does what `turn/steer` does, but it does not fail if the turn has ended meanwhile.
    const answer = await client
      .call("turn/start", { threadId: thread, input: inputOf(text), clientUserMessageId: clientId })
      .catch((error: unknown) => {
        if (isNotSteerable(error)) return undefined;
        throw error;
      });
    if (answer === undefined) return "busy";
    return readStartedTurn(answer) === before ? "steered" : "started";
  };
  const open = async () => {
    transport = await connect(pipes, ended, {
      onMessage: client.take,
      onClose() {
        ended.abort();
        client.end();
        asking.withdrawAll();
      },
    });
    const thread = await openThread(client, launch, log);
    const reader = createCodexReader({
      ...{ ...pipes, thread: thread.id, model: thread.model, loginRemedy: loginRemedyOf(launch) },
      orderOf: (id) => orders.get(id),
      onResolved: asking.answered,
      onServerLost: () => startServerAgain(client, log),
      goOn: async (text) => void (await say(text)),
      listTerminals: () => listTerminals(client, thread.id, log),
      ended: ended.signal,
    });
    opened = { thread: thread.id, reader };
    pipes.onSession(thread.id);
  };
  const whenReady = open().catch((error: unknown) => {
    if (!ended.signal.aborted) throw error;
  });
  return {
    route: "app-server",
    whenReady,
    // Only its first call of our hook shows that Codex calls it: Codex says nothing when it skips a hook that it does not trust.
    carriesHooks: false,
    say,
    async interrupt() {
      if (opened === undefined) return false;
      let isDone = false;
      const all = interruptAll(client, opened).then(
        () => {
          isDone = true;
        },
        (error: unknown) => log.info(`the interrupt: ${messageOf(error)}`),
      );
      await atMost(interruptWithinMs, all);
      return isDone;
    },
  };
}

async function connect(
  pipes: SessionPipes,
  ended: AbortController,
  listener: TransportListener,
): Promise<Transport> {
  if (pipes.launch.isHeadless === true) return connectPipes(pipes, listener);
  // Reads and drops the output, because Codex would stop at a full pipe.
  pipes.stdout.resume().once("close", () => ended.abort());
  return await connectSocket(socketPath(pipes.launch), ended.signal, listener);
}

/** Has Codex start its MCP servers again, which it does not do by itself. */
function startServerAgain(client: CodexClient, log: Logger): void {
  client.call("config/mcpServer/reload", {}).then(
    () => log.warn("cliai's MCP server had ended, and codex starts it again"),
    (error: unknown) => log.error(`cliai's MCP server has ended: ${messageOf(error)}`),
  );
}

/** Interrupts the turns of the session and of its subagents, and ends the commands, which an interrupt leaves running. */
async function interruptAll(client: CodexClient, { thread, reader }: Opened): Promise<void> {
  const own = reader.turnOf(thread);
  reader.noteInterrupt();
  const turns = [...(own === undefined ? [] : [[thread, own] as const]), ...reader.subagentTurns()];
  await Promise.all(turns.map(([threadId, turnId]) => client.call("turn/interrupt", { threadId, turnId })));
  const threads = [thread, ...reader.subagentTurns().keys()];
  await Promise.all(threads.map((threadId) => client.call("thread/backgroundTerminals/clean", { threadId })));
}

/** Never rejects. If Codex does not answer, or not so that it can be read, the calls go on with their own count. */
async function listTerminals(
  client: CodexClient,
  threadId: string,
  log: Logger,
): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    return readTerminals(await client.call("thread/backgroundTerminals/list", { threadId }));
  } catch (error) {
    log.debug(`the commands that run in the background: ${messageOf(error)}`);
    return undefined;
  }
}
