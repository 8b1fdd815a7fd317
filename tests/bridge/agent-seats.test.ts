// The agents that reach serve over HTTP: each is in the fleet as long as it calls, and a stop ends what it may do.
import { describe, expect, test } from "bun:test";
import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import { type AgentSeats, createAgentSeats } from "../../src/bridge/agent-seats.ts";
import { silentLogger } from "../../src/log.ts";
import { ada } from "../support/agents.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { until } from "../support/wait-for.ts";

function seatsOf(test: TestServer, lastsMs?: number, lookEveryMs?: number): AgentSeats {
  return createAgentSeats({
    ...{ natsUrl: test.nats.url, heartbeatIntervalS: 15, version: "0.0.0-test", lastsMs, lookEveryMs },
    credsPathOf: () => undefined,
    roleOf: () => "agent",
    ...{ now: () => new Date(), log: silentLogger },
  });
}

const request = (method: string, params: Readonly<Record<string, unknown>> = {}) =>
  ({ jsonrpc: "2.0", id: 1, method, params }) as const;
const initialize = request("initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "far-cli", version: "2.0.0" },
});

/** Calls a tool as one HTTP request does. */
async function call(seats: AgentSeats, name: string, args: object = {}) {
  const begun = seats.begin({
    id: ada,
    messages: [request("tools/call", { name })],
    from: "192.0.2.7",
    isGood: () => true,
  });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const server = begun.server();
  const client = new Client({ name: "far-cli", version: "2.0.0" });
  try {
    await Promise.all([server.connect(theirs), client.connect(ours)]);
    const { content, isError = false } = await client.callTool({ name, arguments: { ...args } });
    return { isError, text: content.map((part) => (part.type === "text" ? part.text : "")).join() };
  } finally {
    await client.close();
    begun.end();
  }
}

describe("createAgentSeats()", () => {
  test("an agent is in the fleet from its first call on, with its client and its machine, and its calls are its own", async () => {
    await using test = await startTestServer();
    const seats = seatsOf(test);
    try {
      seats.begin({ id: ada, messages: [initialize], from: "192.0.2.7", isGood: () => true }).end();
      const reported = await call(seats, "report_status", { status: "working", current_task: "mend" });
      expect(reported).toEqual({ isError: false, text: expect.stringContaining("status recorded") });
      await until("the fleet has it", () => test.server.fleet.get(ada)?.current_task === "mend");
      expect(test.server.fleet.get(ada)).toMatchObject({
        ...{ cli: "far-cli", cli_version: "2.0.0", host: "192.0.2.7", status: "working" },
        axes: { link: { value: "online" } },
      });
      expect(test.server.fleet.get(ada)?.pid).toBeUndefined();
    } finally {
      await seats.close();
    }
    await until("it has left", () => test.server.fleet.get(ada)?.axes.link.value === "offline");
  });

  test("an agent that has not called for a while has left, and its next call brings it back", async () => {
    await using test = await startTestServer();
    const seats = seatsOf(test, 1);
    try {
      await call(seats, "report_progress", { note: "first" });
      await until("it has left", () => test.server.fleet.get(ada)?.axes.link.value === "offline");
      expect(test.server.fleet.get(ada)?.said?.message).toContain("has not called over HTTP");
      const back = seats.begin({ id: ada, messages: [], from: "192.0.2.7", isGood: () => true });
      await until("it is back", () => test.server.fleet.get(ada)?.axes.link.value === "online");
      back.end();
    } finally {
      await seats.close();
    }
  });

  test("an agent whose token counts no longer has left, also while a call of its own waits", async () => {
    await using test = await startTestServer();
    const seats = seatsOf(test, undefined, 10);
    try {
      let isGood = true;
      const begun = seats.begin({ id: ada, messages: [], from: "192.0.2.7", isGood: () => isGood });
      await until("it is online", () => test.server.fleet.get(ada)?.axes.link.value === "online");
      isGood = false;
      await until("it has left", () => test.server.fleet.get(ada)?.axes.link.value === "offline");
      expect(test.server.fleet.get(ada)?.said?.message).toBe("its token counts no longer");
      begun.end();
    } finally {
      await seats.close();
    }
  });

  test("a stop refuses every further call of the session, until the next one begins", async () => {
    await using test = await startTestServer();
    const seats = seatsOf(test);
    try {
      await call(seats, "report_status", { status: "working" });
      await until("it is online", () => test.server.fleet.get(ada)?.axes.link.value === "online");
      const stop = { id: ada, type: "stop", reason: "enough", from: "mia" } as const;
      const { command_id } = await test.server.sendCommand(stop);
      const receipts = () =>
        test.server.fleet.get(ada)?.commands.find((each) => each.command_id === command_id)?.receipts ?? [];
      await until("the stop is applied", () => receipts().some(({ state }) => state === "applied"));
      expect(receipts().at(-1)?.detail).toContain("refuse every call");
      await until("it is stopped", () => test.server.fleet.get(ada)?.status === "stopped");
      expect(await call(seats, "report_status", { status: "working" })).toEqual({
        isError: true,
        text: "mia has stopped you (stop): enough. Do nothing more, and end. Nothing was recorded.",
      });
      seats.begin({ id: ada, messages: [initialize], from: "192.0.2.7", isGood: () => true }).end();
      expect(await call(seats, "report_status", { status: "working" })).toMatchObject({ isError: false });
    } finally {
      await seats.close();
    }
  });
});
