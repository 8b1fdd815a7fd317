import { describe, expect, test } from "bun:test";
import { answerCalls, listenTo, startTestBridge, textOf } from "../bridge/bridge-fixture.ts";
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
});
