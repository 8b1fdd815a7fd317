// The web app of a test with named tokens, and the official MCP client at its /mcp paths, without a socket.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { type AgentSeats, createAgentSeats } from "../../../src/bridge/agent-seats.ts";
import { parseMcpMessages } from "../../../src/bridge/client-facts.ts";
import type { NamedToken, TokenScope } from "../../../src/domain/access/token-scopes.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../../src/log.ts";
import { noSearch } from "../../../src/search/open-search-desk.ts";
import type { SearchDesk } from "../../../src/search/search.ts";
import type { Era } from "../../support/bridge-fixture.ts";
import { startTestApp, type TestApp } from "../test-app.ts";

export const operatorsToken = "first-token-of-more-than-32-characters";

export interface McpApp extends AsyncDisposable {
  readonly web: TestApp;
  /** Makes a named token. */
  tokenWith(name: string, ...scopes: TokenScope[]): string;
  /** Makes the token of an agent. */
  agentsToken(id: string): string;
  revoke(token: string): void;
  /** How many answers wait to hear that the operator's token was replaced. */
  watching(): number;
  /** Connects the client with a token. It is closed with the app. */
  connect(token: string, era?: Era, path?: string): Promise<Client>;
}

export async function startMcpApp(search: SearchDesk = noSearch): Promise<McpApp> {
  const named = new Map<string, NamedToken>();
  const watches = new Set<() => void>();
  let seats: AgentSeats | undefined;
  const web = await startTestApp({
    access: {
      token: () => operatorsToken,
      onRotated(listener) {
        watches.add(listener);
        return () => void watches.delete(listener);
      },
      findNamed: (token) => named.get(token),
      ...{ instance: "this-run", port: 3000, secure: false, now: () => new Date() },
    },
    search,
    openAgentDesk(natsUrl) {
      seats = createAgentSeats({
        ...{ natsUrl, heartbeatIntervalS: 15, version: "0.0.0-test", now: () => new Date() },
        ...{ credsPathOf: () => undefined, roleOf: () => "agent", log: silentLogger },
      });
      const { begin } = seats;
      return { begin: ({ body, ...rest }) => begin({ ...rest, messages: parseMcpMessages(body) }) };
    },
  });
  const clients: Client[] = [];
  return {
    web,
    tokenWith(name, ...scopes) {
      const token = `cliai_${crypto.randomUUID()}`;
      named.set(token, { name, scopes, created_at: new Date().toISOString() });
      return token;
    },
    agentsToken(id) {
      const token = `cliai_${crypto.randomUUID()}`;
      const created_at = new Date().toISOString();
      named.set(token, { name: id, scopes: [], agent: parseAgentId(id), created_at });
      return token;
    },
    revoke: (token) => void named.delete(token),
    watching: () => watches.size,
    async connect(token, era = "modern", path = "/mcp/operator") {
      const client = new Client(
        { name: "assistant", version: "1.2.3" },
        era === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {},
      );
      const url = new URL(`http://localhost${path}`);
      const transport = new StreamableHTTPClientTransport(url, {
        authProvider: { token: async () => token },
        fetch: async (input, init) => await web.app.request(input, init),
      });
      await client.connect(transport);
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      await seats?.close();
      await web[Symbol.asyncDispose]();
    },
  };
}

/** Calls a tool, and reads its result: the value of its JSON, or the text of its error. */
export async function callTool(
  client: Client,
  name: string,
  args: Readonly<Record<string, unknown>> = {},
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they expect it to be
): Promise<any> {
  const { content, isError } = await client.callTool({ name, arguments: { ...args } });
  const text = content.map((part) => (part.type === "text" ? part.text : "")).join("\n");
  return isError === true ? { error: text } : JSON.parse(text);
}
