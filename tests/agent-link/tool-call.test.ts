import { describe, expect, test } from "bun:test";
import { startLink } from "../../src/agent-link/link.ts";
import { createToolCaller } from "../../src/agent-link/tool-call.ts";
import { CliaiError } from "../../src/domain/text/errors.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { pause } from "../../src/waiting.ts";
import { ada } from "../support/agents.ts";
import { answerCalls, listenTo, startTestBridge, textOf } from "../support/bridge-fixture.ts";
import { startTestNats } from "../support/nats.ts";
import { waitFor } from "../support/wait-for.ts";

const nowhere = "nats://127.0.0.1:9";

describe("createToolCaller()", () => {
  test("a result that is not text is shown as JSON, and none as done", async () => {
    await using nats = await startTestNats();
    const results: unknown[] = [{ agents: [{ agent_id: "bob" }] }, undefined];
    await answerCalls(await nats.bus(), () => ({ success: true, result: results.shift() }));
    await using test = startTestBridge({ url: nats.url });
    const client = await test.connect();
    const list = await client.callTool({ name: "list_agents", arguments: {} });
    expect(JSON.parse(textOf(list))).toEqual({ agents: [{ agent_id: "bob" }] });
    expect(textOf(await client.callTool({ name: "list_agents", arguments: {} }))).toBe("done");
  });

  test("a call the server refuses is an error result with the server's own words", async () => {
    await using nats = await startTestNats();
    await answerCalls(await nats.bus(), () => ({
      success: false,
      error: 'no agent "bop"; did you mean bob?',
    }));
    await using test = startTestBridge({ url: nats.url });
    const client = await test.connect();
    const result = await client.callTool({ name: "send_message", arguments: { to: "bop", text: "hi" } });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toBe('no agent "bop"; did you mean bob?');
  });

  test("a result reminds of what waits in the inbox, and only when something does", async () => {
    await using nats = await startTestNats();
    const waiting = [3, 0];
    await answerCalls(await nats.bus(), () => ({
      success: true,
      result: "noted",
      queued: waiting.shift(),
    }));
    await using test = startTestBridge({ url: nats.url });
    const client = await test.connect();
    const note = () => client.callTool({ name: "report_progress", arguments: { note: "half" } });
    expect(textOf(await note())).toBe("noted\n\n3 waiting in your inbox: call check_inbox");
    expect(textOf(await note())).toBe("noted");
  });

  test("with NATS away a call waits its time, then says that nothing was recorded", async () => {
    await using test = startTestBridge({ url: nowhere, callTimeoutMs: 100 });
    const client = await test.connect();
    const result = await client.callTool({ name: "report_status", arguments: { status: "working" } });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain("cliai serve cannot be reached (NATS cannot be reached");
    expect(textOf(result)).toContain("Go on with your work; the call was not recorded");
  });

  test("a call that reaches nobody is given up in time, also if that passes while a request is under way", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const slow: Bus = {
      ...bus,
      isConnected: () => true,
      request: async () => {
        await pause(200);
        throw new CliaiError("server_unreachable", "nobody answers");
      },
    };
    const call = createToolCaller({
      ...{ id: ada, instanceId: () => "r1", link: startLink(() => Promise.resolve(slow), silentLogger) },
      beat: () => undefined,
      ...{ createId: () => "c1", timeoutMs: 20_000, reachWithinMs: 100 },
      ...{ onDone: () => undefined, onTokens: () => undefined, onHandedOver: () => undefined },
    });
    const beganMs = performance.now();
    const { isError, text } = await call("list_agents", {}, new AbortController().signal);
    expect([isError, text]).toEqual([true, expect.stringContaining("the call was not recorded")]);
    expect(performance.now() - beganMs).toBeLessThan(10_000);
  });

  test("with NATS there and no server a call says so, and one made in time finds the server that comes", async () => {
    await using nats = await startTestNats();
    await using test = startTestBridge({ url: nats.url, callTimeoutMs: 1_000 });
    const client = await test.connect();
    const log = () => client.callTool({ name: "log_activity", arguments: { action: "built it" } });
    const result = await log();
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain("NATS is reachable, the server is not");
    expect(textOf(result)).toContain("was not recorded");

    const waiting = log();
    await client.ping();
    const server = await answerCalls(await nats.bus(), () => ({ success: true, result: "noted" }));
    expect(textOf(await waiting)).toBe("noted");
    expect(server.calls.length).toBe(1);
  });

  test("a server that takes a call and does not answer leaves it open whether it was recorded", async () => {
    await using nats = await startTestNats();
    await answerCalls(await nats.bus(), () => undefined);
    await using test = startTestBridge({ url: nats.url, callTimeoutMs: 500 });
    const client = await test.connect();
    const result = await client.callTool({ name: "log_activity", arguments: { action: "built it" } });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toBe(
      "cliai serve gave no answer within 0.5 s. Go on with your work; the call may or may not have been recorded.",
    );
  });

  test("an answer that is no answer is an error result, and the next call works", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const bad = ["text", 7, { success: "yes" }, [], null];
    await answerCalls(bus, () => (bad.length > 0 ? bad.shift() : { success: true, result: "noted" }));
    const heard = await listenTo(bus, "ada");
    await using test = startTestBridge({ url: nats.url });
    const client = await test.connect();
    const report = () => client.callTool({ name: "report_status", arguments: { status: "working" } });
    for (let count = bad.length; count > 0; count -= 1) {
      const result = await report();
      expect(result.isError).toBe(true);
      expect(textOf(result)).toContain("cannot be understood");
    }
    expect(textOf(await report())).toBe("noted");
    await waitFor(() => heard.heartbeats.at(-1)?.status === "working", {
      what: "the status after a good answer",
    });
    expect(heard.heartbeats.filter(({ status }) => status === "working").length).toBe(1);
  });

  test("a heartbeat goes before each request of a run until the server has answered one, and before none after that", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    let run = "r1";
    let beats = 0;
    const call = createToolCaller({
      ...{ id: ada, instanceId: () => run, link: startLink(() => Promise.resolve(bus), silentLogger) },
      ...{ createId: () => crypto.randomUUID(), timeoutMs: 20_000, onDone: () => undefined },
      ...{ onTokens: () => undefined, onHandedOver: () => undefined },
      beat: () => {
        beats += 1;
        bus.publish("agent.ada.heartbeat", { instance_id: run });
      },
    });
    const ask = () => call("check_inbox", {}, new AbortController().signal);
    const first = ask();
    await waitFor(() => beats > 1, { what: "a second try without a server" });
    const server = await nats.bus();
    const heard: string[] = [];
    server.subscribe("agent.ada.heartbeat", () => heard.push("heartbeat"));
    await answerCalls(server, ({ instance_id }) => {
      heard.push(`call of ${instance_id}`);
      return { success: true, result: "nothing waits" };
    });
    await first;
    await ask();
    run = "r2";
    await ask();
    expect(heard).toEqual(["heartbeat", "call of r1", "call of r1", "heartbeat", "call of r2"]);
  });
});
