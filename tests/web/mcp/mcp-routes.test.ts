// /mcp/operator as a client of each protocol era meets it: who gets in, what it is offered, and how it hears of changes.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readingTools } from "../../../src/web/mcp/reading-tools.ts";
import type { Era } from "../../support/bridge-fixture.ts";
import { until } from "../../support/wait-for.ts";
import { errorOf } from "../test-app.ts";
import { callTool, type McpApp, operatorsToken, startMcpApp } from "./operator-client.ts";

let mcp: McpApp;
beforeAll(async () => {
  mcp = await startMcpApp();
  await mcp.web.heartbeat("ada", { current_task: "mend the roof" });
});
afterAll(() => mcp[Symbol.asyncDispose]());

const initialize = {
  ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
};
const post = (headers: Readonly<Record<string, string>>, body: unknown = initialize) =>
  Promise.resolve(
    mcp.web.app.request("/mcp/operator", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
      },
      body: JSON.stringify(body),
    }),
  );
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("who gets in at /mcp/operator", () => {
  test("nobody without a token, or with a wrong one: 401, which names Bearer and no place to log in", async () => {
    for (const headers of [{}, bearer("wrong")]) {
      const response = await post(headers);
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      expect(await errorOf(response)).toMatchObject({ code: "not_signed_in" });
    }
  });

  test("no token that has other scopes only", async () => {
    const response = await post(bearer(mcp.tokenWith("reader", "read", "command", "answer")));
    expect(response.status).toBe(403);
    expect(await errorOf(response)).toMatchObject({ code: "refused", hint: expect.stringContaining("mcp") });
  });

  test.each([
    ["the host of another name", { host: "evil.example" }],
    ["another site's page", { host: "localhost", origin: "https://evil.example" }],
  ])("not %s, also with the right token", async (_, headers) => {
    const response = await post({ ...bearer(operatorsToken), ...headers });
    expect(response.status).toBe(403);
    expect(await errorOf(response)).toMatchObject({ code: "refused" });
  });

  test("a client with the right token, which is told that there are no sessions", async () => {
    expect((await post(bearer(operatorsToken))).status).toBe(200);
    for (const method of ["GET", "DELETE", "PUT", "PATCH", "OPTIONS"]) {
      for (const path of ["/mcp", "/mcp/operator"]) {
        const response = await mcp.web.app.request(path, { method, headers: bearer(operatorsToken) });
        expect([method, path, response.status, response.headers.get("allow")]).toEqual([
          ...[method, path, 405, "POST"],
        ]);
        const { code, message, hint } = await errorOf(response);
        expect([code, message]).toEqual(["wrong_method", `${path} takes no ${method}`]);
        expect(hint).toStartWith("it takes POST");
      }
    }
  });
});

test("an answer to HEAD, which nobody reads, leaves nothing behind that waits for its end", async () => {
  const before = mcp.watching();
  const headers = bearer(operatorsToken);
  expect((await mcp.web.app.request("/mcp/operator", { method: "HEAD", headers })).status).toBe(405);
  expect(mcp.watching()).toBe(before);
});

const eras: readonly Era[] = ["legacy", "modern"];
describe.each(eras)("a %s client", (era) => {
  test("is offered the tools that only read, and says so of each", async () => {
    const client = await mcp.connect(mcp.tokenWith("watcher", "mcp"), era);
    expect(client.getInstructions()).toContain('"untrusted"');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(readingTools.map(({ name }) => name));
    for (const { annotations, inputSchema } of tools) {
      expect(annotations).toEqual({ readOnlyHint: true, openWorldHint: false });
      expect(inputSchema.type).toBe("object");
    }
  });

  test("calls a tool, and reads the resources", async () => {
    const client = await mcp.connect(mcp.tokenWith("watcher", "mcp"), era);
    const listed = await callTool(client, "list_agents", { filter: "roof" });
    expect(listed).toMatchObject({
      counts: { found: 1 },
      agents: [{ agent_id: "ada", status: "working", untrusted: { task: "mend the roof" } }],
    });
    const { resources } = await client.listResources();
    const uris = resources.map(({ uri }) => uri);
    expect(uris).toEqual(
      expect.arrayContaining(["cliai://agents", "cliai://requests", "cliai://agents/ada"]),
    );
    const { contents } = await client.readResource({ uri: "cliai://agents/ada" });
    const [agent] = contents.map((each) => JSON.parse("text" in each ? each.text : ""));
    expect(agent).toMatchObject({ agent_id: "ada", untrusted: { task: "mend the roof" } });
    await expect(client.readResource({ uri: "cliai://agents/nobody" })).rejects.toThrow(
      "cliai://agents/nobody",
    );
  });

  test("is told what was wrong with a call", async () => {
    const client = await mcp.connect(operatorsToken, era);
    expect(await callTool(client, "show_agent", { agent_id: "adda" })).toEqual({
      error: expect.stringMatching(/no agent "adda"; .*ada/),
    });
    expect((await callTool(client, "read_log", { since: "soon" })).error).toContain('since "soon"');
    expect((await callTool(client, "show_agent")).error).toContain("agent_id");
  });
});

describe("subscriptions", () => {
  const subscribed = async (token: string, filter: object) => {
    const client = await mcp.connect(token);
    const told: string[] = [];
    client.setNotificationHandler(
      "notifications/resources/updated",
      ({ params }) => void told.push(params.uri),
    );
    client.setNotificationHandler("notifications/resources/list_changed", () => void told.push("list"));
    const subscription = await client.listen(filter);
    return { told, subscription };
  };

  test("tell of a change of an agent that was asked for, and of no other", async () => {
    const { told } = await subscribed(operatorsToken, { resourceSubscriptions: ["cliai://agents/ada"] });
    await mcp.web.heartbeat("bob");
    await mcp.web.heartbeat("ada", { current_task: "paint the door" });
    await until("ada's change", () => told.includes("cliai://agents/ada"));
    expect(new Set(told)).toEqual(new Set(["cliai://agents/ada"]));
  });

  test("tell of a request, and of a new agent", async () => {
    const { told } = await subscribed(operatorsToken, {
      resourcesListChanged: true,
      resourceSubscriptions: ["cliai://requests"],
    });
    const call = { tool: "ask_human", arguments: { question: "may I?", wait_s: 0 } };
    await mcp.web.bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
    await until("the request", () => told.includes("cliai://requests") && told.includes("list"));
    told.length = 0;
    await mcp.web.heartbeat("carol");
    await until("the new agent", () => told.includes("list"));
  });

  test("end when the token is revoked", async () => {
    const token = mcp.tokenWith("lost", "mcp");
    const { subscription } = await subscribed(token, { resourceSubscriptions: ["cliai://agents"] });
    mcp.revoke(token);
    expect(await subscription.closed).not.toBe("local");
  });

  test("are not promised to a client of the older era, which has no stream for them", async () => {
    const client = await mcp.connect(operatorsToken, "legacy");
    expect(client.getServerCapabilities()?.resources).toEqual({ subscribe: false, listChanged: false });
  });
});
