// This room is the MCP server beside an agent's CLI (`cliai bridge`), and nothing else.
//
// Builds the bridge of one agent from the MCP server, the link to NATS and the agent's presence, and ends them with one goodbye.
// `src/cli/bridge.ts` has the flags, the signals and the process.
import type { Readable, Writable } from "node:stream";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { type GoodbyeOptions, sayGoodbye } from "../agent-link/goodbye.ts";
import type { AgentFacts } from "../agent-link/heartbeat.ts";
import type { MessagingSocket } from "../agent-link/host-protocol.ts";
import { type Link, startLink } from "../agent-link/link.ts";
import type { TakenOrder } from "../agent-link/read-order.ts";
import { createReceiptQueue } from "../agent-link/receipt-queue.ts";
import type { ToolCaller } from "../agent-link/tool-call.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { buildConnectionName, buildToolsConnectionName } from "../domain/wire/connection-name.ts";
import { inboxPrefix } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { connectBus } from "../nats/connect-bus.ts";
import { pause } from "../waiting.ts";
import { createClientCalls } from "./client-calls.ts";
import { readClientNews } from "./client-facts.ts";
import type { HostAddress } from "./host-link.ts";
import { createMcpServer } from "./mcp-server.ts";
import { createNotedOrders } from "./noted-orders.ts";
import { type Presence, startPresence } from "./presence.ts";
import { createStdioTransport, type StdioTransport } from "./stdio-transport.ts";

/** Claude Code kills its MCP servers half a second after SIGINT, so the goodbye must be sent before. */
export const goodbyeWithinMs = 300;
/** How long the last answers may take for a client that has closed only its end of the pipe. */
export const lastAnswersWithinMs = 1_000;
const progressEveryMs = 5_000;
const hostlessStop =
  "the host of its session is gone: the stop has ended its MCP server only, and its CLI may still run";
const bareStop = "its bridge has ended; without a host, nobody ends its CLI";

export interface BridgeOptions {
  readonly agentId: AgentId;
  /** One NATS server or several of a cluster, separated by commas. */
  readonly url: string;
  /** A `.creds` file. */
  readonly credsPath?: string | undefined;
  readonly heartbeatIntervalS: number;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly facts: AgentFacts;
  /** The agent's host, which sends the heartbeats and takes the orders; undefined if the agent has no host. */
  readonly host?: HostAddress | undefined;
  /** The socket on which the CLI's session takes messages, if the CLI names one. */
  readonly messaging?: MessagingSocket | undefined;
  readonly version: string;
  readonly log: Logger;
  readonly now: () => Date;
  /** Makes this run's instance id and the calls' request ids: letters, digits, _ and -. */
  readonly createId: () => string;
  /** How often a waiting call reports progress. Default 5000. */
  readonly progressEveryMs?: number;
  /** Replaces each tool's own timeout. */
  readonly callTimeoutMs?: number;
  /** After how long the request of a call that waits for a person is repeated, with the same id. Default 30000. */
  readonly askAgainMs?: number;
}

export type EndReason = "stdin closed" | "stdout closed" | "signal" | "stopped";

export interface Bridge {
  /** Resolves after the goodbye, when nothing of the bridge is left. Never rejects. */
  readonly ended: Promise<EndReason>;
  /** Says goodbye and ends. A further call does not say goodbye again, but makes the first one stop waiting. */
  shutdown(reason: EndReason): Promise<void>;
}

/** Starts at once. The MCP handshake does not wait for NATS, which is connected in the background. */
export function startBridge(options: BridgeOptions): Bridge {
  const { agentId: id, log, now, createId } = options;
  const { host } = options;
  const ended = Promise.withResolvers<EndReason>();
  const hurry = new AbortController();
  let ending: Promise<void> | undefined;
  // `serve` watches the NATS connection that speaks for the agent, and finds it by its name: the host's, or this one without a host.
  const ownInstanceId = createId();
  const connectionName = (host === undefined ? buildConnectionName : buildToolsConnectionName)(
    id,
    ownInstanceId,
  );

  const link = startLink(() => connect(options, connectionName), log);
  const receipts = createReceiptQueue({ id, link, now, log });
  const handedOver = createNotedOrders();
  const acknowledged = createNotedOrders();
  const presence = startPresence({
    ...{
      id,
      facts: options.facts,
      intervalS: options.heartbeatIntervalS,
      link,
      host,
      handedOver,
      acknowledged,
      now,
      log,
    },
    messaging: options.messaging,
    createId: () => (host === undefined ? ownInstanceId : createId()),
    onStop: (order) => {
      if (host === undefined) return void shutdown("stopped", order);
      // The host is gone, so nobody can end the CLI or know whether it has ended.
      receipts.write({ command_id: order.command_id, state: "failed", detail: hostlessStop });
      void shutdown("stopped");
    },
  });

  const callTool = createClientCalls(options, { link, receipts, presence, handedOver, acknowledged });
  const transport = createStdioTransport({
    ...{ stdin: options.stdin, stdout: options.stdout, log },
    onIncoming: (message) => showClient(presence, message),
    onEnd: (how) => void shutdown(how),
  });
  const mcp = startMcp(options, callTool, transport);

  const end = async (reason: EndReason, order: TakenOrder | undefined) => {
    log.info(`ending: ${reason}`);
    try {
      presence.stopOrders();
      if (reason === "stdin closed") await transport.settled(lastAnswersWithinMs, hurry.signal);
      presence.stop();
      const sayBye = () => {
        if (presence.isAlone())
          sayGoodbye(goodbyeOf(options, presence, link), order, { how: howOf(options, reason) });
      };
      // After a stop the goodbye comes after the receipt, because the sender of the stop waits for a receipt only until the goodbye. Without a
      // stop it comes first, because the CLI soon kills this process.
      if (order === undefined) sayBye();
      else receipts.write({ command_id: order.command_id, state: "applied", detail: bareStop });
      await pause(0, hurry.signal); // `onHandedOver` runs after the result is sent
      await receipts.close(goodbyeWithinMs);
      if (order !== undefined) sayBye();
      await link.close(goodbyeWithinMs);
      await mcp.close();
      options.stdin.destroy();
    } catch (error) {
      log.error(`ending: ${messageOf(error)}`);
    } finally {
      ended.resolve(reason);
    }
  };
  const shutdown = (reason: EndReason, order?: TakenOrder) => {
    if (ending !== undefined) hurry.abort();
    ending ??= end(reason, order);
    return ending;
  };

  return { ended: ended.promise, shutdown: (reason) => shutdown(reason) };
}

function connect(
  { agentId, url, credsPath, log }: Pick<BridgeOptions, "agentId" | "url" | "credsPath" | "log">,
  name: string,
): Promise<Bus> {
  return connectBus({ url, name, credsPath, inboxPrefix: inboxPrefix(agentId), log });
}

function startMcp(options: BridgeOptions, call: ToolCaller, transport: StdioTransport) {
  const { agentId: id, facts, version, log } = options;
  return serveStdio(
    () =>
      createMcpServer({
        ...{ id, version, call },
        role: facts.role ?? "agent",
        progressEveryMs: options.progressEveryMs ?? progressEveryMs,
      }),
    { transport, onerror: (error) => log.debug(`MCP: ${error.message}`) },
  );
}

function goodbyeOf(
  { agentId: id, now, log }: BridgeOptions,
  presence: Presence,
  link: Pick<Link, "bus">,
): GoodbyeOptions {
  return { id, instanceId: presence.instanceId(), link, now, log };
}

function howOf({ host }: BridgeOptions, reason: EndReason): string {
  return host !== undefined && reason === "stopped" ? hostlessStop : reason;
}

/** Has the heartbeats show what a message of the client tells of it. */
function showClient(presence: Presence, message: Parameters<typeof readClientNews>[0]): void {
  const { isInSession, ...client } = readClientNews(message);
  const begins = isInSession && presence.current().status === "starting";
  presence.update({ ...client, ...(begins ? { status: "connected" } : {}) });
}
