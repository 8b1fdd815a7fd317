// MCP at a real server, in both protocol eras: a person's own assistant by URL and on `cliai mcp`, and an agent that has nothing but a token.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport, type Tool } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Era } from "../support/bridge-fixture.ts";
import { bridgeEnv, fetchAgent, startBridge } from "../support/bridges.ts";
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

describe.each(["legacy", "modern"] as const)("an agent on another machine, by the %s protocol era", (era) => {
  const id = `far-${era}`;
  const nats = async () => expect((await serve.run(["agents", "add", id])).code).toBe(0);
  const connect = async (bearer: string) => {
    const client = clientOf(era);
    const requestInit = { headers: { authorization: `Bearer ${bearer}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${serve.url}/mcp`), { requestInit }));
    return client;
  };
  const textOf = async (client: Client, name: string, args: object = {}) => {
    const { content } = await client.callTool({ name, arguments: { ...args } });
    return content.map((part) => (part.type === "text" ? part.text : "")).join("\n");
  };

  test("has the tools of a bridge with a token alone, takes a task and ends it; its credentials end the token", async () => {
    await nats();
    const added = await serve.run(["token", "add", id, "--agent", id]);
    expect([added.code, added.stderr]).toEqual([
      0,
      expect.stringContaining(`it allows the agent ${id} its tools`),
    ]);
    const client = await connect(added.stdout.trim());
    const bridge = await inspect([...cliaiCommand(), "bridge"], "tools/list", {
      era,
      env: await bridgeEnv(serve, "by-bridge"),
    });
    expect((await client.listTools()).tools).toEqual((bridge as { tools: Tool[] }).tools);

    const status = { status: "working", current_task: "far away" };
    expect(await textOf(client, "report_status", status)).toStartWith("status recorded: working");
    expect(await fetchAgent(serve, id)).toMatchObject({ cli: "assistant", current_task: "far away" });
    const sent = await serve.run(["send", "task", id, "tidy up", "--json", "--timeout", "80"]);
    const { command_id } = JSON.parse(sent.stdout.trim().split("\n")[0] ?? "");
    expect(await textOf(client, "check_inbox")).toContain("tidy up");
    expect(await textOf(client, "acknowledge", { command_id, outcome: "applied" })).toContain("applied");
    const states = async () => (await fetchAgent(serve, id)).commands[0]?.receipts.map(({ state }) => state);
    await until("all receipts", async () => (await states())?.length === 4);
    expect((await states())?.toSorted()).toEqual(["applied", "delivered", "injected", "stored"]);

    const operator = { authorization: `Bearer ${added.stdout.trim()}` };
    expect((await fetch(url(), { method: "POST", headers: operator })).status).toBe(403);
    await serve.run(["agents", "revoke", id]);
    await expect(client.listTools()).rejects.toThrow("the token is not the right one");
    await client.close();
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
