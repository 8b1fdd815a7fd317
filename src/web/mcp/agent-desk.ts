// What the agents at /mcp need of serve. `serve` provides it, because it speaks for them on NATS as a bridge does.
import type { McpServer } from "@modelcontextprotocol/server";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Caller } from "../access/caller.ts";

export interface AgentDesk {
  /** Begins a request of an agent. */
  begin(request: AgentRequest): BegunRequest;
}

export interface AgentRequest {
  readonly id: AgentId;
  /** The body: one JSON-RPC message or several, or anything that is none. */
  readonly body: unknown;
  /** The address from which it comes. */
  readonly from: string;
  /** Whether the agent's token still counts. */
  readonly isGood: () => boolean;
}

export interface BegunRequest {
  /** Makes an MCP server with the agent's tools, for this request. */
  server(): McpServer;
  /** Has to be called when the answer is over. */
  end(): void;
}

/** @throws CliaiError `refused` if the caller is no agent, or if this server has no tools for agents over HTTP */
export function requireAgent(
  caller: Caller,
  desk: AgentDesk | undefined,
): { readonly id: AgentId; readonly desk: AgentDesk } {
  if (desk === undefined) {
    throw new CliaiError(
      "refused",
      "this server has no tools for agents over HTTP: it makes no credentials for them",
      {
        hint: "start the agent with cliai bridge, or serve without --insecure and --nats-url",
      },
    );
  }
  if (caller?.agent !== undefined) return { id: caller.agent, desk };
  throw new CliaiError("refused", "this token names no agent, and these are the tools of agents", {
    hint: "make an agent's token: cliai token add NAME --agent ID; a person's own assistant uses /mcp/operator",
  });
}
