// The operator's server over stdio, as a client of each protocol era meets it: every request has one answer, whatever the server does.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { createStdioTransport } from "../../../src/bridge/stdio-transport.ts";
import { startStdioProxy } from "../../../src/cli/mcp/stdio-proxy.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Era } from "../../support/bridge-fixture.ts";
import { until } from "../../support/wait-for.ts";
import { callTool, type McpApp, operatorsToken, startMcpApp } from "../../web/mcp/operator-client.ts";

let mcp: McpApp;
beforeAll(async () => {
  mcp = await startMcpApp();
  await mcp.web.heartbeat("ada");
});
afterAll(() => mcp[Symbol.asyncDispose]());

type Fetch = (init: RequestInit | undefined) => Promise<Response>;

/** The server, with a token. */
const withToken =
  (token: string): Fetch =>
  async (init) => {
    const headers = new Headers(init?.headers);
    headers.set("authorization", `Bearer ${token}`);
    return await mcp.web.app.request("/mcp/operator", { ...init, headers });
  };

async function startProxy(fetch: Fetch, era: Era = "modern") {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const stdio = createStdioTransport({
    ...{ stdin, stdout, log: silentLogger },
    onIncoming: () => undefined,
    onEnd: () => undefined,
  });
  const http = new StreamableHTTPClientTransport(new URL("http://127.0.0.1/"), {
    fetch: (_, init) => fetch(init),
  });
  const proxy = await startStdioProxy(stdio, http, silentLogger);
  const client = new Client(
    { name: "assistant", version: "1.2.3" },
    era === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {},
  );
  // The SDK's server transport reads one stream and writes another: for a client it does the same.
  const connecting = client.connect(new StdioServerTransport(stdout, stdin));
  return {
    client,
    connecting,
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await client.close();
    },
  };
}

const eras: readonly Era[] = ["legacy", "modern"];
describe.each(eras)("startStdioProxy() with a %s client", (era) => {
  test("has the tools and results of the server", async () => {
    await using over = await startProxy(withToken(operatorsToken), era);
    await over.connecting;
    expect(over.client.getServerVersion()).toMatchObject({ name: "cliai-operator" });
    const direct = await mcp.connect(operatorsToken, era);
    expect(await over.client.listTools()).toEqual(await direct.listTools());
    expect(await callTool(over.client, "show_agent", { agent_id: "ada" })).toMatchObject({ agent_id: "ada" });
  });

  test("says so when no server answers, and goes on when one does", async () => {
    let isThere = true;
    const fetch: Fetch = async (init) => {
      if (isThere) return await withToken(operatorsToken)(init);
      throw new CliaiError("server_unreachable", "no server answers here", { hint: "start it" });
    };
    await using over = await startProxy(fetch, era);
    await over.connecting;
    isThere = false;
    await expect(over.client.listTools()).rejects.toThrow("no server answers here; start it");
    isThere = true;
    expect((await over.client.listTools()).tools.length).toBeGreaterThan(0);
  });
});

describe("startStdioProxy()", () => {
  test("says why a request is refused, and what to do", async () => {
    await using over = await startProxy(withToken("wrong"), "legacy");
    await expect(over.connecting).rejects.toThrow(/the token is not the right one; .*cliai token/);
  });

  test("hands changes on to a client that has subscribed", async () => {
    await using over = await startProxy(withToken(operatorsToken));
    await over.connecting;
    const told: string[] = [];
    over.client.setNotificationHandler(
      "notifications/resources/updated",
      ({ params }) => void told.push(params.uri),
    );
    await over.client.listen({ resourceSubscriptions: ["cliai://agents/ada"] });
    await mcp.web.heartbeat("ada", { current_task: "paint" });
    await until("ada's change", () => told.includes("cliai://agents/ada"));
  });

  test("tells a client that has subscribed when the server is lost", async () => {
    const token = mcp.tokenWith("lost", "mcp");
    await using over = await startProxy(withToken(token));
    await over.connecting;
    const subscription = await over.client.listen({ resourceSubscriptions: ["cliai://agents"] });
    mcp.revoke(token);
    expect(await subscription.closed).toBe("remote");
  });

  test("ends the request of a call that its client cancels", async () => {
    const asked = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    let isSlow = false;
    const fetch: Fetch = async (init) => {
      if (!isSlow) return await withToken(operatorsToken)(init);
      asked.resolve();
      const { promise, reject } = Promise.withResolvers<never>();
      init?.signal?.addEventListener("abort", () => {
        aborted.resolve();
        reject(new Error("aborted"));
      });
      return await promise;
    };
    await using over = await startProxy(fetch);
    await over.connecting;
    isSlow = true;
    const ending = new AbortController();
    const call = over.client.callTool({ name: "inbox", arguments: {} }, { signal: ending.signal });
    await asked.promise;
    ending.abort();
    await expect(call).rejects.toThrow();
    await aborted.promise;
  });
});
