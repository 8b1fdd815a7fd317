import { describe, expect, test } from "bun:test";
import { instanceHeader } from "../../src/agent-link/host-protocol.ts";
import { createListener } from "../../src/host/listener.ts";
import { silentLogger } from "../../src/log.ts";
import { host, id } from "../support/hosted-session.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

describe("createListener()", () => {
  test.each(["is cancelled", "has gone already"])(
    "an MCP server whose request %s watches no more",
    async (how) => {
      const told: boolean[] = [];
      const listen = createListener({
        ...{ token: "secret", instanceId: "run", log: silentLogger },
        onHook: () => Promise.resolve({}),
        onTelemetry: () => undefined,
        onBridge: () => undefined,
        onBridgeLink: (isUp) => told.push(isUp),
      });
      const headers = { authorization: "Bearer secret" };
      const signal = how === "is cancelled" ? new AbortController().signal : AbortSignal.abort();
      const response = await listen(new Request("http://127.0.0.1/alive", { headers, signal }));
      await response.body?.cancel();
      expect(told).toEqual([true, false]);
    },
  );

  test("an MCP server that the CLI starts beside another one has not ended them all when it goes", async () => {
    const told: boolean[] = [];
    const listen = createListener({
      ...{ token: "secret", instanceId: "run", log: silentLogger },
      onHook: () => Promise.resolve({}),
      onTelemetry: () => undefined,
      onBridge: () => undefined,
      onBridgeLink: (isUp) => told.push(isUp),
    });
    const watch = async () => {
      const ending = new AbortController();
      const { signal } = ending;
      const headers = { authorization: "Bearer secret" };
      const response = await listen(new Request("http://127.0.0.1/alive", { headers, signal }));
      expect(response.headers.get(instanceHeader)).toBe("run");
      return ending;
    };
    const first = await watch();
    const second = await watch();
    second.abort();
    expect(told).toEqual([true, true]);
    first.abort();
    expect(told).toEqual([true, true, false]);
  });

  test("what it says at its beginning takes nothing back that the agent has said", async () => {
    await using test = await startTestServer();
    await using hosted = await host(test);
    const status = () => test.server.fleet.get(id)?.said?.status;
    hosted.session.bridgeNews({ status: "connected" });
    await waitFor(() => status() === "connected", { what: "the first greeting", saw: status });
    hosted.session.bridgeNews({ status: "blocked" });
    await waitFor(() => status() === "blocked", { what: "the agent's word", saw: status });
    hosted.session.bridgeNews({ status: "connected", cli: "claude-code", cli_version: "9.9.9" });
    await waitFor(() => test.server.fleet.get(id)?.cli_version === "9.9.9", { what: "the second greeting" });
    expect(status()).toBe("blocked");
  });
});
