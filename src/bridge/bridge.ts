// This room is the MCP server with an agent's tools: of `cliai bridge` beside an agent's CLI, and of the agents that reach serve over HTTP.
//
// Builds the bridge of one agent from the MCP server and the agent's side behind it, and ends them together. `src/cli/bridge.ts` has the flags, the
// signals and the process.
import type { Readable, Writable } from "node:stream";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { TakenOrder } from "../agent-link/read-order.ts";
import type { ToolCaller } from "../agent-link/tool-call.ts";
import { messageOf } from "../domain/text/errors.ts";
import { type AgentSideOptions, hostlessStop, startAgentSide } from "./agent-side.ts";
import { createMcpServer } from "./mcp-server.ts";
import { createStdioTransport, type StdioTransport } from "./stdio-transport.ts";

/** How long the last answers may take for a client that has closed only its end of the pipe. */
export const lastAnswersWithinMs = 1_000;
export const progressEveryMs = 5_000;
const bareStop = "its bridge has ended; without a host, nobody ends its CLI";

export interface BridgeOptions extends AgentSideOptions {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly version: string;
  /** How often a waiting call reports progress. Default 5000. */
  readonly progressEveryMs?: number;
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
  const { host, log } = options;
  const ended = Promise.withResolvers<EndReason>();
  const hurry = new AbortController();
  let ending: Promise<void> | undefined;

  const side = startAgentSide(options, (order) => void shutdown("stopped", order));
  const transport = createStdioTransport({
    ...{ stdin: options.stdin, stdout: options.stdout, log },
    onIncoming: (message) => side.showClient(message),
    onEnd: (how) => void shutdown(how),
  });
  const mcp = startMcp(options, side.call, transport);

  const end = async (reason: EndReason, order: TakenOrder | undefined) => {
    log.info(`ending: ${reason}`);
    try {
      side.stopOrders();
      if (reason === "stdin closed") await transport.settled(lastAnswersWithinMs, hurry.signal);
      const how = host !== undefined && reason === "stopped" ? hostlessStop : reason;
      await side.leave({ how, stop: order && { order, detail: bareStop } }, hurry.signal);
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
