// This room is the MCP server beside an agent's CLI (`cliai bridge`), and nothing else.
//
// Composes the bridge of one agent: the MCP server, the link to NATS, the agent's presence; ends them with one goodbye.
// src/cli/bridge.ts has flags, signals and the process.
import type { Readable, Writable } from "node:stream";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { sayGoodbye } from "../agent-link/goodbye.ts";
import type { AgentFacts } from "../agent-link/heartbeat.ts";
import type { MessagingSocket } from "../agent-link/host-protocol.ts";
import { startLink } from "../agent-link/link.ts";
import type { TakenOrder } from "../agent-link/read-order.ts";
import { createReceiptQueue, noteTokens, type ReceiptQueue } from "../agent-link/receipt-queue.ts";
import { createToolCaller, type ToolCaller } from "../agent-link/tool-call.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { buildConnectionName, buildToolsConnectionName } from "../domain/wire/connection-name.ts";
import { inboxPrefix } from "../domain/wire/subjects.ts";
import type { ToolName } from "../domain/wire/tools.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { connectBus } from "../nats/connect-bus.ts";
import { pause } from "../waiting.ts";
import { readClientNews } from "./client-facts.ts";
import { createHandedOver } from "./handed-over.ts";
import type { HostAddress } from "./host-link.ts";
import { createMcpServer } from "./mcp-server.ts";
import { startPresence } from "./presence.ts";
import { createStdioTransport } from "./stdio-transport.ts";

/** Claude Code ends its MCP servers with SIGKILL half a second after SIGINT: the goodbye is over by then. */
const goodbyeWithinMs = 300;
/** How long the last answers may take for a client that has closed only its end of the pipe. */
const lastAnswersWithinMs = 1_000;
const progressEveryMs = 5_000;
const hostlessStop =
  "the host of its session is gone: its MCP server has ended for the stop, its CLI may still run";

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
  /** The host of the agent's session, where there is one: it then sends the heartbeats and takes the orders. */
  readonly host?: HostAddress | undefined;
  /** Where the CLI's session takes messages, if it says so. */
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
  /** After how long a call that waits for a person is asked again, as the same call. Default 30000. */
  readonly askAgainMs?: number;
}

export type EndReason = "stdin closed" | "stdout closed" | "signal" | "stopped";

export interface Bridge {
  /** Resolves after the goodbye, when nothing of the bridge is left. Never rejects. */
  readonly ended: Promise<EndReason>;
  /** Says goodbye and ends. Called again, it makes the first one hurry; there is one goodbye. */
  shutdown(reason: EndReason): Promise<void>;
}

/** Starts at once: the MCP handshake waits for nothing, and a server that is away is waited for in the background. */
export function startBridge(options: BridgeOptions): Bridge {
  const { agentId: id, log, now, createId } = options;
  const { host } = options;
  const ended = Promise.withResolvers<EndReason>();
  const hurry = new AbortController();
  let ending: Promise<void> | undefined;
  // The connection of the agent's presence is watched by its name.
  const ownInstanceId = createId();
  const connectionName = (host === undefined ? buildConnectionName : buildToolsConnectionName)(
    id,
    ownInstanceId,
  );

  const link = startLink(() => connect(options, connectionName), log);
  const receipts = createReceiptQueue({ id, link, now, log });
  const handedOver = createHandedOver();
  const presence = startPresence({
    ...{ id, facts: options.facts, intervalS: options.heartbeatIntervalS, link, host, handedOver, now, log },
    messaging: options.messaging,
    createId: () => (host === undefined ? ownInstanceId : createId()),
    onStop: (order) => {
      if (host === undefined) return void shutdown("stopped", order);
      // Without the host, nobody can end the CLI or know that it has ended.
      receipts.write({ command_id: order.command_id, state: "failed", detail: hostlessStop });
      void shutdown("stopped");
    },
  });

  const unseen = createUnseen(receipts, presence.instanceId);
  const call = createToolCaller({
    ...{ id, instanceId: presence.instanceId, link, createId },
    timeoutMs: options.callTimeoutMs,
    askAgainMs: options.askAgainMs,
    onDone: (name, args) => {
      presence.update(presenceAfter(name, args));
      if (name === "acknowledge") unseen.forget(args.command_id);
    },
    onTokens: (tokens) => noteTokens(receipts, tokens),
    onHandedOver: (commandIds, tool) => {
      handedOver.note(commandIds);
      receipts.writeHandedOver(commandIds, tool, presence.instanceId());
      unseen.add(commandIds);
    },
  });
  const callTool: ToolCaller = (name, args, signal) => {
    unseen.noteCall(name === "acknowledge" ? args.command_id : undefined);
    const outcome = call(name, args, signal);
    if (name === "check_inbox") handedOver.watch(outcome);
    return outcome;
  };
  const transport = createStdioTransport({
    ...{ stdin: options.stdin, stdout: options.stdout, log },
    onIncoming: (message) => {
      const { isInSession, ...client } = readClientNews(message);
      const begins = isInSession && presence.current().status === "starting";
      presence.update({ ...client, ...(begins ? { status: "connected" } : {}) });
    },
    onEnd: (how) => void shutdown(how),
  });
  const mcp = serveStdio(
    () =>
      createMcpServer({
        id,
        role: options.facts.role ?? "agent",
        version: options.version,
        call: callTool,
        progressEveryMs: options.progressEveryMs ?? progressEveryMs,
      }),
    { transport, onerror: (error) => log.debug(`MCP: ${error.message}`) },
  );

  const end = async (reason: EndReason, order: TakenOrder | undefined) => {
    log.info(`ending: ${reason}`);
    try {
      presence.stopOrders();
      if (reason === "stdin closed") await transport.settled(lastAnswersWithinMs, hurry.signal);
      presence.stop();
      if (presence.isAlone()) {
        const how = host !== undefined && reason === "stopped" ? hostlessStop : reason;
        sayGoodbye({ id, instanceId: presence.instanceId(), link, now, log }, order, { how });
      }
      await pause(0, hurry.signal); // what the last results handed over is noted once they have left
      await receipts.close(goodbyeWithinMs);
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

interface Unseen {
  /** A result has handed them over. */
  add(commandIds: readonly string[]): void;
  /** It has its end. */
  forget(commandId: unknown): void;
  /** A client that calls again has read the results before. A command that it acknowledges gets its end by that call. */
  noteCall(acknowledged: unknown): void;
}

/** What results have handed over, and the client has shown no sign of having read. */
function createUnseen(receipts: Pick<ReceiptQueue, "write">, run: () => string): Unseen {
  const unseen = new Set<string>();
  return {
    add(commandIds) {
      for (const commandId of commandIds) unseen.add(commandId);
    },
    forget(commandId) {
      if (typeof commandId === "string") unseen.delete(commandId);
    },
    noteCall(acknowledged) {
      const facts = { state: "seen", run: run(), detail: "the next call of its CLI" } as const;
      for (const command_id of unseen) {
        if (command_id === acknowledged) continue;
        unseen.delete(command_id);
        receipts.write({ command_id, ...facts });
      }
    },
  };
}

/** The server has recorded a new status: the heartbeats say it from now on. */
function presenceAfter(
  name: ToolName,
  { status, current_task }: Record<string, unknown>,
): { status?: string; current_task?: string } {
  if (name !== "report_status" || typeof status !== "string") return {};
  return typeof current_task === "string" ? { status, current_task } : { status };
}
