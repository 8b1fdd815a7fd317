// The resources of the operator's MCP server: agents and requests, and when each of them changes.
import {
  type McpServer,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerEvent,
  type ServerEventBus,
} from "@modelcontextprotocol/server";
import { isOpen } from "../../domain/requests.ts";
import { isAgentId } from "../../domain/wire/agent-id.ts";
import type { Server } from "../../server/server.ts";
import { listedAgent, listedRequest, shownAgent, shownRequest } from "./shown-agents.ts";

const agentsUri = "cliai://agents";
const requestsUri = "cliai://requests";
const agentUri = (id: string) => `${agentsUri}/${id}`;
const requestUri = (id: string) => `${requestsUri}/${id}`;

const mimeType = "application/json";

export function offerResources(
  mcp: McpServer,
  { fleet, requests, budgets }: Pick<Server, "fleet" | "requests" | "budgets">,
): void {
  const contents = (uri: URL, value: unknown) => ({
    contents: [{ uri: uri.href, mimeType, text: JSON.stringify(value) }],
  });
  mcp.registerResource("agents", agentsUri, { title: "All agents", mimeType }, (uri) =>
    contents(uri, fleet.list().map(listedAgent)),
  );
  mcp.registerResource("requests", requestsUri, { title: "All open requests", mimeType }, (uri) =>
    contents(uri, requests.open().map(listedRequest)),
  );
  const agents = new ResourceTemplate(`${agentsUri}/{id}`, {
    list: () => ({
      resources: fleet.list().map(({ agent_id }) => ({ uri: agentUri(agent_id), name: agent_id, mimeType })),
    }),
  });
  mcp.registerResource("agent", agents, { title: "One agent", mimeType }, (uri, { id }) => {
    const view = isAgentId(id) ? fleet.get(id) : undefined;
    if (view === undefined) throw new ResourceNotFoundError(uri.href);
    return contents(uri, shownAgent(view, fleet.timeline(view.agent_id), budgets.of(view.agent_id)));
  });
  const asked = new ResourceTemplate(`${requestsUri}/{id}`, {
    list: () => ({
      resources: requests.open().map(({ request_id, agent_id, kind }) => ({
        uri: requestUri(request_id),
        name: `${kind} of ${agent_id}`,
        mimeType,
      })),
    }),
  });
  mcp.registerResource("request", asked, { title: "One request", mimeType }, (uri, { id }) => {
    const request = typeof id === "string" ? requests.get(id) : undefined;
    if (request === undefined) throw new ResourceNotFoundError(uri.href);
    return contents(uri, shownRequest(request));
  });
}

/** The shortest time between two notifications of one stream about one resource. */
export const tellEveryMs = 1_000;

/** The changes of agents and requests, for those who have subscribed. The fleet is only watched while somebody has. */
export function createChangeBus({ fleet, requests }: Pick<Server, "fleet" | "requests">): ServerEventBus {
  return {
    publish: () => undefined,
    subscribe(listener) {
      let known = new Set(fleet.list().map(({ agent_id }) => agent_id));
      const pending = new Map<string, ServerEvent>();
      let toldAtMs = Number.NEGATIVE_INFINITY;
      let timer: NodeJS.Timeout | undefined;
      const tell = () => {
        timer = undefined;
        toldAtMs = performance.now();
        const events = [...pending.values()];
        pending.clear();
        for (const event of events) listener(event);
      };
      const note = (...uris: readonly (string | undefined)[]) => {
        for (const uri of uris) {
          if (uri === undefined) pending.set("list", { kind: "resources_list_changed" });
          else pending.set(uri, { kind: "resource_updated", uri });
        }
        timer ??= setTimeout(tell, Math.max(0, toldAtMs + tellEveryMs - performance.now()));
      };
      const ends = [
        fleet.onChange(({ ids }) => {
          note(agentsUri, ...ids.map(agentUri));
          const now = new Set(fleet.list().map(({ agent_id }) => agent_id));
          if (now.symmetricDifference(known).size > 0) note(undefined);
          known = now;
        }),
        requests.onChange((request) => {
          note(requestsUri, requestUri(request.request_id));
          // Only open requests are listed, and one that is new has just been stored.
          if (!isOpen(request) || request.escalated === undefined) note(undefined);
        }),
      ];
      return () => {
        clearTimeout(timer);
        for (const end of ends) end();
      };
    },
  };
}
