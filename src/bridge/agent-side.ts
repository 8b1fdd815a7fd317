// The agent's side behind its MCP server: the link to NATS, the agent's presence, its tool calls and receipts; and the goodbye with which they end.
// It knows nothing of the transport on which the client speaks.
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { sayGoodbye } from "../agent-link/goodbye.ts";
import type { AgentFacts } from "../agent-link/heartbeat.ts";
import type { MessagingSocket } from "../agent-link/host-protocol.ts";
import { startLink } from "../agent-link/link.ts";
import type { TakenOrder } from "../agent-link/read-order.ts";
import { createReceiptQueue } from "../agent-link/receipt-queue.ts";
import type { ToolCaller } from "../agent-link/tool-call.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { buildConnectionName, buildToolsConnectionName } from "../domain/wire/connection-name.ts";
import { inboxPrefix } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import { connectBus } from "../nats/connect-bus.ts";
import { pause } from "../waiting.ts";
import { createClientCalls } from "./client-calls.ts";
import { readClientNews } from "./client-facts.ts";
import type { HostAddress } from "./host-link.ts";
import { createNotedOrders } from "./noted-orders.ts";
import { type Presence, startPresence } from "./presence.ts";

/** Claude Code kills its MCP servers half a second after SIGINT, so the goodbye must be sent before. */
export const goodbyeWithinMs = 300;

export const hostlessStop =
  "the host of its session is gone: the stop has ended its MCP server only, and its CLI may still run";

export interface AgentSideOptions {
  readonly agentId: AgentId;
  /** One NATS server or several of a cluster, separated by commas. */
  readonly url: string;
  /** A `.creds` file. */
  readonly credsPath?: string | undefined;
  readonly heartbeatIntervalS: number;
  readonly facts: AgentFacts;
  /** The agent's host, which sends the heartbeats and takes the orders; undefined if the agent has no host. */
  readonly host?: HostAddress | undefined;
  /** The socket on which the CLI's session takes messages, if the CLI names one. */
  readonly messaging?: MessagingSocket | undefined;
  readonly log: Logger;
  readonly now: () => Date;
  /** Makes this run's instance id and the calls' request ids: letters, digits, _ and -. */
  readonly createId: () => string;
  /** Replaces each tool's own timeout. */
  readonly callTimeoutMs?: number | undefined;
  /** After how long the request of a call that waits for a person is repeated, with the same id. Default 30000. */
  readonly askAgainMs?: number | undefined;
}

export interface AgentSide {
  readonly call: ToolCaller;
  /** Has the heartbeats show what a message of the client tells of it. */
  showClient(message: JSONRPCMessage): void;
  /** Takes no more orders. */
  stopOrders(): void;
  /** Stores the last receipts, says goodbye if no host speaks for the agent, and closes the connection. @param hurry makes it stop waiting */
  leave(leaving: Leaving, hurry: AbortSignal): Promise<void>;
}

export interface Leaving {
  /** Why the agent's run ends, if no order ends it. */
  readonly how: string;
  /** The order that ends it, and what has become of it. */
  readonly stop?: { readonly order: TakenOrder; readonly detail: string } | undefined;
}

/**
 * Starts at once: NATS is connected in the background.
 * @param onStop called when a stop ends the agent's run; without an order if the order's end is written already
 */
export function startAgentSide(
  options: AgentSideOptions,
  onStop: (order: TakenOrder | undefined) => void,
): AgentSide {
  const { agentId: id, url, credsPath, host, messaging, log, now, createId } = options;
  // `serve` watches the NATS connection that speaks for the agent, and finds it by its name: the host's, or this one without a host.
  const ownInstanceId = createId();
  const name = (host === undefined ? buildConnectionName : buildToolsConnectionName)(id, ownInstanceId);
  const link = startLink(() => connectBus({ url, name, credsPath, inboxPrefix: inboxPrefix(id), log }), log);
  const receipts = createReceiptQueue({ id, link, now, log });
  const handedOver = createNotedOrders();
  const acknowledged = createNotedOrders();
  const presence = startPresence({
    ...{ id, facts: options.facts, intervalS: options.heartbeatIntervalS, link, host, messaging },
    ...{ handedOver, acknowledged, now, log },
    createId: () => (host === undefined ? ownInstanceId : createId()),
    onStop: (order) => {
      if (host === undefined) return onStop(order);
      // The host is gone, so nobody can end the CLI or know whether it has ended.
      receipts.write({ command_id: order.command_id, state: "failed", detail: hostlessStop });
      onStop(undefined);
    },
  });
  return {
    call: createClientCalls(options, { link, receipts, presence, handedOver, acknowledged }),
    showClient: (message) => showClient(presence, message),
    stopOrders: () => presence.stopOrders(),
    async leave({ how, stop }, hurry) {
      presence.stop();
      const sayBye = () => {
        if (!presence.isAlone()) return;
        const run = { id, instanceId: presence.instanceId(), link, now, log };
        sayGoodbye(run, stop?.order, { how });
      };
      // After a stop the goodbye comes after the receipt, because the sender of the stop waits for a receipt only until the goodbye. Without a
      // stop it comes first, because the CLI soon kills this process.
      if (stop === undefined) sayBye();
      else receipts.write({ command_id: stop.order.command_id, state: "applied", detail: stop.detail });
      await pause(0, hurry); // `onHandedOver` runs after the result is sent
      await receipts.close(goodbyeWithinMs);
      if (stop !== undefined) sayBye();
      await link.close(goodbyeWithinMs);
    },
  };
}

function showClient(presence: Presence, message: JSONRPCMessage): void {
  const { isInSession, ...client } = readClientNews(message);
  const begins = isInSession && presence.current().status === "starting";
  presence.update({ ...client, ...(begins ? { status: "connected" } : {}) });
}
