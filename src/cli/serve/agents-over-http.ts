// The agents that use their tools over HTTP: serve speaks for each of them on NATS, with the agent's own credentials.
import { type AgentSeatsOptions, createAgentSeats } from "../../bridge/agent-seats.ts";
import { parseMcpMessages } from "../../bridge/client-facts.ts";
import { agentCredsPath } from "../../data-dir/agent-folders.ts";
import type { Role } from "../../domain/wire/roles.ts";
import type { AgentDesk } from "../../web/mcp/agent-desk.ts";

export interface AgentsOverHttpOptions
  extends Pick<AgentSeatsOptions, "natsUrl" | "version" | "now" | "log"> {
  readonly dataDir: string;
  /** The role by an agent's credentials. */
  readonly roleOf: ((id: string) => Role) | undefined;
}

/** How often serve sends the heartbeat of such an agent, in seconds. */
const heartbeatIntervalS = 15;

/** The desk closes with `parts`, and says goodbye for the agents that are there. */
export function openAgentsOverHttp(
  { dataDir, roleOf = () => "agent", ...options }: AgentsOverHttpOptions,
  parts: AsyncDisposableStack,
): AgentDesk {
  const credsPathOf: AgentSeatsOptions["credsPathOf"] = (id) => agentCredsPath(dataDir, id);
  const seats = createAgentSeats({ ...options, heartbeatIntervalS, roleOf, credsPathOf });
  parts.defer(() => seats.close());
  return { begin: ({ body, ...request }) => seats.begin({ ...request, messages: parseMcpMessages(body) }) };
}
