import { describe, expect, test } from "bun:test";
import { toolNamesFor } from "../../src/domain/wire/tools/tool-rules.ts";
import { answerCalls, type Era, startTestBridge, textOf } from "../support/bridge-fixture.ts";
import { startTestNats } from "../support/nats.ts";
import { waitFor } from "../support/wait-for.ts";

/** Nothing listens on the discard port of loopback. */
const nowhere = "nats://127.0.0.1:9";
const eras: readonly Era[] = ["legacy", "modern"];
const initialize = {
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
};
const callStatus = (id: number, extra: object = {}) => ({
  id,
  method: "tools/call",
  params: { name: "report_status", arguments: { status: "working" }, ...extra },
});

for (const era of eras) {
  test(`a ${era} client shakes hands and lists the tools with NATS down`, async () => {
    await using test = startTestBridge({ url: nowhere });
    const client = await test.connect(era);
    expect(client.getServerVersion()).toMatchObject({ name: "cliai", version: "0.0.0-test" });
    expect(client.getInstructions()).toContain("report_status");
    expect(client.getInstructions()).toContain("ada");
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(toolNamesFor("agent"));
    for (const { inputSchema, description } of tools) {
      expect(inputSchema.type).toBe("object");
      expect(description).toBeTruthy();
    }
    expect(tools.find(({ name }) => name === "report_status")?.inputSchema.required).toEqual(["status"]);
    expect(tools.find(({ name }) => name === "list_agents")?.annotations?.readOnlyHint).toBe(true);
  });

  test(`a ${era} client's call reaches the server under the agent's id, and its result comes back as text`, async () => {
    await using nats = await startTestNats();
    const server = await answerCalls(await nats.bus(), ({ request_id }) => ({
      request_id,
      success: true,
      result: "noted",
    }));
    await using test = startTestBridge({ url: nats.url });
    const client = await test.connect(era);
    const result = await client.callTool({ name: "log_activity", arguments: { action: "built it" } });
    expect(result.isError).toBeFalsy();
    expect(textOf(result)).toBe("noted");
    expect(server.calls).toMatchObject([
      { from: "ada", agent_id: "ada", tool: "log_activity", arguments: { action: "built it" } },
    ]);
    expect(server.calls[0]?.request_id).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
  });
}

test("the place in a trace that a client names goes with its call", async () => {
  await using nats = await startTestNats();
  const server = await answerCalls(await nats.bus(), ({ request_id }) => ({ request_id, success: true }));
  await using test = startTestBridge({ url: nats.url });
  const client = await test.connect();
  const [trace_id, span_id] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
  const call = { name: "log_activity", arguments: { action: "built it" } };
  await client.callTool({ ...call, _meta: { traceparent: `00-${trace_id}-${span_id}-01` } });
  await client.callTool({ ...call, _meta: { traceparent: "none" } });
  expect(server.calls.map(({ message }) => message.trace)).toEqual([{ trace_id, span_id }, undefined]);
});

describe("createMcpServer()", () => {
  test("a captain is shown its own tools, too, and their list stays under 7,200 characters: about 1,800 tokens of the agent's context", async () => {
    const facts = { config_name: "demo", project_path: "/p", host: "here", pid: 1, role: "captain" } as const;
    await using test = startTestBridge({ url: nowhere, facts });
    const client = await test.connect();
    const list = await client.listTools();
    expect(list.tools.map(({ name }) => name)).toEqual(toolNamesFor("captain"));
    expect(JSON.stringify(list).length).toBeLessThan(7_200);
  });

  test("the older handshakes of 2024 are answered in their own version", async () => {
    await using test = startTestBridge({ url: nowhere });
    const answer = await test.ask({
      id: 1,
      ...initialize,
      params: { ...initialize.params, protocolVersion: "2024-11-05" },
    });
    expect(answer.result?.protocolVersion).toBe("2024-11-05");
  });

  test("a client that only probed with server/discover may still begin with initialize", async () => {
    await using test = startTestBridge({ url: nowhere });
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const probe = await test.ask({ id: "probe", method: "server/discover", params: { _meta } });
    expect(probe.result?.supportedVersions).toContain("2026-07-28");
    const answer = await test.ask({ id: 2, ...initialize });
    expect(answer.result?.protocolVersion).toBe("2025-11-25");
  });

  test("ping and further calls are answered while a call waits", async () => {
    await using nats = await startTestNats();
    const slow = Promise.withResolvers<unknown>();
    await answerCalls(await nats.bus(), ({ tool, request_id }) =>
      tool === "check_inbox" ? slow.promise : { request_id, success: true, result: "quick" },
    );
    await using test = startTestBridge({ url: nats.url });
    const client = await test.connect();
    let isDone = false;
    const waiting = client.callTool({ name: "check_inbox", arguments: {} }).then((result) => {
      isDone = true;
      return result;
    });
    await client.ping();
    expect(textOf(await client.callTool({ name: "list_agents", arguments: {} }))).toBe("quick");
    expect(isDone).toBe(false);
    slow.resolve({ success: true, result: "late" });
    expect(textOf(await waiting)).toBe("late");
  });

  test("twenty calls at once each get their own answer, however late and out of order", async () => {
    await using nats = await startTestNats();
    const held: (() => void)[] = [];
    await answerCalls(await nats.bus(), async ({ request_id, arguments: args }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.push(resolve);
      if (held.length === 20) for (const release of held.reverse()) release();
      await promise;
      return { request_id, success: true, result: `done ${args.action}` };
    });
    await using test = startTestBridge({ url: nats.url });
    const client = await test.connect();
    const actions = Array.from({ length: 20 }, (_, index) => `step ${index}`);
    const results = await Promise.all(
      actions.map((action) => client.callTool({ name: "log_activity", arguments: { action } })),
    );
    expect(results.map(textOf)).toEqual(actions.map((action) => `done ${action}`));
  });

  test("a call that waits reports rising progress to a client that asked for it, and to no other", async () => {
    await using nats = await startTestNats();
    const slow = Promise.withResolvers<unknown>();
    await answerCalls(await nats.bus(), () => slow.promise);
    await using test = startTestBridge({ url: nats.url, progressEveryMs: 10 });
    const client = await test.connect();
    const quiet = client.callTool({ name: "list_agents", arguments: {} });
    const seen: number[] = [];
    const result = client.callTool(
      { name: "check_inbox", arguments: {} },
      { onprogress: ({ progress }) => void seen.push(progress) },
    );
    await waitFor(() => seen.length >= 3, { what: "three reports", saw: () => seen });
    slow.resolve({ success: true, result: "ok" });
    await Promise.all([quiet, result]);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBe(seen.length);
    const reports = test.lines
      .map((line) => JSON.parse(line))
      .filter(({ method }) => method === "notifications/progress");
    const tokens = reports.map(({ params }) => params.progressToken);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toBeDefined();
  });

  test("a cancelled call is never sent, gets no answer and leaves the bridge at work", async () => {
    await using first = await startTestNats();
    const { port } = first.server;
    await first.server.stop();
    await using test = startTestBridge({ url: first.url });
    const client = await test.connect();
    const cancel = new AbortController();
    const cancelled = client.callTool(
      { name: "send_message", arguments: { to: "bob", text: "wrong" } },
      { signal: cancel.signal },
    );
    await client.ping();
    cancel.abort("changed my mind");
    await expect(cancelled).rejects.toThrow("changed my mind");
    const next = client.callTool({ name: "send_message", arguments: { to: "bob", text: "right" } });

    await using nats = await startTestNats({ port });
    const server = await answerCalls(await nats.bus(), () => ({ success: true, result: "sent" }));
    expect(textOf(await next)).toBe("sent");
    expect(server.calls.map(({ arguments: args }) => args.text)).toEqual(["right"]);
    const answered = test.lines.map((line) => JSON.parse(line)).filter(({ id }) => id !== undefined);
    expect(answered.filter(({ result }) => result?.content).length).toBe(1);
  });

  test("arguments that break the schema come back as a result that names the argument", async () => {
    await using test = startTestBridge({ url: nowhere });
    const client = await test.connect();
    const result = await client.callTool({
      name: "acknowledge",
      arguments: { command_id: "c-1", outcome: "finished" },
    });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain("outcome");
    expect(textOf(result)).toContain('"applied" | "failed" | "refused"');
  });

  test("what is not a request gets a JSON-RPC error at once, and the next request its answer", async () => {
    await using test = startTestBridge({ url: nowhere });
    await test.ask({ id: 1, ...initialize });
    test.write("");
    test.write("{ not json");
    test.write('{"id":2,"method":"tools/list"}');
    test.write('{"jsonrpc":"2.0","id":3,"method":"tools/destroy"}');
    test.write('{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":7}}');
    test.write('{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"rm_rf","arguments":{}}}');
    expect((await test.ask({ id: 6, method: "ping" })).result).toEqual({});
    const errors = test.lines.map((line) => JSON.parse(line)).filter(({ error }) => error);
    expect(errors.map(({ id, error }) => [id, error.code])).toEqual([
      [null, -32_700],
      [2, -32_600],
      [3, -32_601],
      [4, -32_602],
      [5, -32_602],
    ]);
    expect(errors[4].error.message).toContain("rm_rf");
  });

  test("stdout carries JSON-RPC messages, one a line, and nothing else", async () => {
    await using nats = await startTestNats();
    await answerCalls(await nats.bus(), () => ({ success: true, result: "line one\nline two" }));
    await using test = startTestBridge({ url: nats.url });
    await test.ask({ id: 1, ...initialize });
    const answer = await test.ask(callStatus(2));
    expect(textOf(answer.result)).toBe("line one\nline two");
    await test.bridge.shutdown("signal");
    expect(test.lines.length).toBe(2);
    for (const line of test.lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
  });

  test("a text of 6 MB reaches the server whole; one of 8 MB is answered; both lines are read", async () => {
    await using nats = await startTestNats();
    const server = await answerCalls(await nats.bus(), () => ({ success: true, result: "sent" }));
    await using test = startTestBridge({ url: nats.url });
    await test.ask({ id: 1, ...initialize });
    const send = (id: number, text: string) => ({
      id,
      method: "tools/call",
      params: { name: "send_message", arguments: { to: "bob", text } },
    });
    // JSON writes this character in six bytes.
    const text = "\u0001".repeat(1_000_000);
    expect(textOf((await test.ask(send(2, text))).result)).toBe("sent");
    expect(server.calls[0]?.arguments.text === text).toBe(true);
    const tooLong = await test.ask(send(3, "x".repeat(8 * 1024 * 1024)));
    expect(tooLong.result?.isError).toBe(true);
    expect(textOf(tooLong.result)).toContain("text: the text is longer than 7,000,000 characters");
    expect(server.calls.length).toBe(1);
  });

  test("a line beyond every limit gets an error that says so under its own id, and the bridge goes on", async () => {
    await using test = startTestBridge({ url: nowhere });
    await test.ask({ id: 1, ...initialize });
    const half = Buffer.alloc(17 * 1024 * 1024, "x");
    const tail = '"}},"jsonrpc":"2.0","id":"last"}\n';
    test.stdin.write('{"method":"tools/call","params":{"name":"send_message","arguments":{"id":9,"text":"');
    test.stdin.write(half);
    test.stdin.write(half);
    test.stdin.write(tail);
    test.stdin.write(
      '{"jsonrpc":"2.0","id":"first","method":"tools/call","params":{"name":"x","arguments":{"id":9,"t":"',
    );
    test.stdin.write(half);
    test.stdin.write(half);
    test.stdin.write('"}}}\n');
    expect((await test.ask({ id: 2, method: "ping" })).result).toEqual({});
    const errors = test.lines.map((line) => JSON.parse(line)).filter(({ error }) => error);
    expect(errors.map(({ id }) => id)).toEqual(["last", "first"]);
    expect(errors[0].error.message).toContain("34 MB is over the limit of 32 MB");
  });

  test("a line beyond every limit whose id is not JSON gets an error without an id, and the bridge goes on", async () => {
    await using test = startTestBridge({ url: nowhere });
    await test.ask({ id: 1, ...initialize });
    const many = Buffer.alloc(33 * 1024 * 1024, "x");
    for (const id of ['"\\q"', "007"]) {
      test.stdin.write(`{"jsonrpc":"2.0","id":${id},"method":"`);
      test.stdin.write(many);
      test.stdin.write('"}\n');
    }
    expect((await test.ask({ id: 2, method: "ping" })).result).toEqual({});
    const errors = test.lines.map((line) => JSON.parse(line)).filter(({ error }) => error);
    expect(errors.map(({ id }) => id)).toEqual([null, null]);
  });
});
