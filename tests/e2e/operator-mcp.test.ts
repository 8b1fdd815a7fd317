// A person's own assistant at a real server: the official MCP client by URL and on `cliai mcp`, and the Inspector by URL, in both protocol eras.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Era } from "../support/bridge-fixture.ts";
import { startBridge } from "../support/bridges.ts";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { inspect } from "../support/mcp-inspector.ts";
import { until } from "../support/wait-for.ts";
import { callTool } from "../web/mcp/operator-client.ts";

const parts = new AsyncDisposableStack();
let serve: RunningServe;
let token = "";
let tokenFile = "";
beforeAll(async () => {
  serve = parts.use(await startServe());
  parts.use(await startBridge(serve, "ada"));
  const added = await serve.run(["token", "add", "assistant", "--scope", "mcp,command"]);
  token = added.stdout.trim();
  tokenFile = join(serve.dataDir, "assistant.token");
  await writeFile(tokenFile, added.stdout, { mode: 0o600 });
});
afterAll(() => parts.disposeAsync());

const url = () => `${serve.url}/mcp/operator`;
const byUrl = () =>
  new StreamableHTTPClientTransport(new URL(url()), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
const byStdio = () => {
  const [command, ...first] = cliaiCommand();
  const args = [...first, "mcp", "--data-dir", serve.dataDir, "--token-file", tokenFile];
  return new StdioClientTransport({ command, args, stderr: "ignore" });
};

const clientOf = (era: Era) =>
  new Client(
    { name: "assistant", version: "1.2.3" },
    era === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {},
  );

describe.each(["legacy", "modern"] as const)("by the %s protocol era", (era) => {
  const connect = async (transport: StreamableHTTPClientTransport | StdioClientTransport) => {
    const client = clientOf(era);
    await client.connect(transport);
    return client;
  };

  test.each([
    ["by URL", byUrl],
    ["on cliai mcp", byStdio],
  ])("the official client %s sees the fleet and gives a task", async (_, transport) => {
    const client = await connect(transport());
    try {
      const { agents } = await callTool(client, "list_agents");
      expect(agents).toMatchObject([{ agent_id: "ada", link: "online" }]);
      const task = { agent_id: "ada", text: "tidy up", wait_s: 20 };
      const { command_id, receipts } = await callTool(client, "send_task", task);
      expect(receipts.map(({ state }: { state: string }) => state)).toEqual(["stored", "delivered"]);
      const { orders } = await callTool(client, "show_agent", { agent_id: "ada" });
      expect(orders.at(-1)).toMatchObject({ command_id, untrusted: { from: "assistant (token)" } });
      const { contents } = await client.readResource({ uri: "cliai://agents/ada" });
      expect(JSON.stringify(contents)).toContain(command_id);
    } finally {
      await client.close();
    }
  });

  test("the Inspector by URL lists the tools", async () => {
    const server = { url: url(), headers: { Authorization: `Bearer ${token}` } };
    const listed = (await inspect(server, "tools/list", { era })) as { tools: { name: string }[] };
    expect(listed.tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["list_agents", "send_task", "stop_agent"]),
    );
    expect(listed.tools.map(({ name }) => name)).not.toContain("answer_request");
  });
});

test("a subscription by URL tells of a change as it happens", async () => {
  const client = clientOf("modern");
  await client.connect(byUrl());
  const told: string[] = [];
  client.setNotificationHandler(
    "notifications/resources/updated",
    ({ params }) => void told.push(params.uri),
  );
  const subscription = await client.listen({ resourceSubscriptions: ["cliai://agents/ada"] });
  await serve.run(["tag", "ada", "+subscribed"]);
  await until("ada's change", () => told.includes("cliai://agents/ada"));
  await serve.run(["token", "revoke", "assistant"]);
  expect(await subscription.closed).not.toBe("local");
  await client.close();
  const refused = await fetch(url(), { method: "POST", headers: { authorization: `Bearer ${token}` } });
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
});
