import { describe, expect, test } from "bun:test";
import { decodeMessage, parseJson } from "../../../src/domain/wire/decode.ts";
import { ToolResponseSchema } from "../../../src/domain/wire/tool-messages.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { ada, bob } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

async function call(bus: Bus, id: string, tool: string, args: object = {}) {
  const body = { request_id: crypto.randomUUID(), tool, arguments: args };
  const response = decodeMessage(
    ToolResponseSchema,
    await bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 }),
  );
  expect(response.request_id).toBe(body.request_id);
  return response;
}

async function connectAgent({ server }: TestServer, bus: Bus, id: string): Promise<void> {
  bus.publish(`agent.${id}.heartbeat`, { status: "connected", instance_id: id, seq: 1 });
  await waitFor(() => server.fleet.list().some(({ agent_id }) => agent_id === id), {
    what: `${id} in the fleet`,
  });
}

async function inboxOf(bus: Bus, id: string): Promise<Array<Record<string, unknown>>> {
  const { result } = await call(bus, id, "check_inbox");
  return (result as { items: Array<Record<string, unknown>> }).items;
}

describe("a secret that an agent sends by mistake", () => {
  const seed = `SU${"A".repeat(56)}`;

  test("is in no error text that it is answered with", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const unknown = await call(bus, "ada", seed);
    expect(unknown.error).toContain('no tool "***"');
    const argument = await call(bus, "ada", "acknowledge", { command_id: "c1", outcome: seed });
    expect(argument.success).toBe(false);
    expect(argument.error).not.toContain(seed);
  });
});

describe("tool calls", () => {
  test("report_status registers the caller and shows its status and task", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const response = await call(bus, "ada", "report_status", {
      status: "working",
      current_task: "build",
      message: "now",
    });
    expect(response).toMatchObject({ success: true, queued: 0 });
    const view = await waitFor(() => run.server.fleet.get(ada), { what: "ada in the fleet" });
    expect(view).toMatchObject({ current_task: "build", said: { status: "working", message: "now" } });
  });

  test("progress, activity and metrics reach the agent's record and timeline", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    await call(bus, "ada", "report_progress", { percent: 40, note: "half" });
    await call(bus, "ada", "log_activity", { action: "ran the tests", details: "all green" });
    await call(bus, "ada", "report_metrics", { tokens_used: 1200, failed_tests: 0 });
    const view = await waitFor(() => run.server.fleet.get(ada)?.usage && run.server.fleet.get(ada), {
      what: "usage",
    });
    expect(view).toMatchObject({
      progress: { percent: 40, note: "half" },
      usage: { tokens_used: 1200, failed_tests: 0 },
    });
    expect(run.server.fleet.timeline(ada).map(({ text }) => text)).toContain("ran the tests: all green");
  });

  test("check_inbox gives commands and messages whole, once, and acknowledge ends a command", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    await connectAgent(run, bus, "ada");
    await connectAgent(run, bus, "bob");
    const long = "long ".repeat(1_000);
    const { command_id } = await run.server.sendCommand({ id: ada, type: "task", text: long, from: "me" });
    const sent = await call(bus, "bob", "send_message", { to: "ada", text: "hello from bob" });
    expect(sent).toMatchObject({ success: true, result: { stored: true } });

    expect(await inboxOf(bus, "bob")).toEqual([]);
    const items = await inboxOf(bus, "ada");
    expect(items).toMatchObject([
      { command_id, type: "task", text: long, from: "me" },
      { type: "message", text: "hello from bob", from: "bob" },
    ]);
    expect(await inboxOf(bus, "ada")).toEqual([]);

    expect(
      await call(bus, "ada", "acknowledge", { command_id, outcome: "applied", note: "done" }),
    ).toMatchObject({
      success: true,
    });
    const states = () =>
      run.server.fleet
        .get(ada)
        ?.commands.find((command) => command.command_id === command_id)
        ?.receipts.map(({ state }) => state);
    await waitFor(() => states()?.includes("applied"), { what: "the receipt applied" });
    expect(states()).toEqual(["stored", "injected", "applied"]);
    const again = await call(bus, "ada", "acknowledge", { command_id, outcome: "failed" });
    expect(again.result).toBe("it was applied already");
  });

  test("what an agent took from its inbox is not given again after a restart of the server", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    await connectAgent(first, bus, "ada");
    await first.server.sendCommand({ id: ada, type: "task", text: "one", from: "me" });
    expect(await inboxOf(bus, "ada")).toHaveLength(1);
    await first.server.sendCommand({ id: ada, type: "task", text: "two", from: "me" });
    await first.restart();
    expect((await inboxOf(bus, "ada")).map(({ text }) => text)).toEqual(["two"]);
  });

  test("a caller that confirms is given the same again until it has, and others nothing of it", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    await connectAgent(run, bus, "ada");
    const { command_id } = await run.server.sendCommand({ id: ada, type: "task", text: "one", from: "me" });
    const ask = async (request_id: string) => {
      const body = { request_id, tool: "check_inbox", confirms: true };
      return decodeMessage(
        ToolResponseSchema,
        await bus.request("tools.call.ada", body, { timeoutMs: 60_000 }),
      );
    };
    expect(await ask("r1")).toMatchObject({ takes: [command_id], result: { items: [{ text: "one" }] } });
    expect(await ask("r1")).toMatchObject({ takes: [command_id] });
    expect(await ask("r2")).toMatchObject({ result: { items: [] } });
    await bus.publishStored("agent.ada.receipt", { command_id, state: "injected", route: "check_inbox" });
    await waitFor(() => run.server.fleet.get(ada)?.commands[0]?.receipts.length === 2, {
      what: "the receipt",
    });
    expect(await ask("r1")).toMatchObject({ result: { items: [] } });
  });

  describe("while a call was given something and has not confirmed it", () => {
    const confirming = (bus: Bus) => async (request_id: string, instance_id?: string) => {
      const body = { request_id, instance_id, tool: "check_inbox", confirms: true };
      const data = await bus.request("tools.call.ada", body, { timeoutMs: 60_000 });
      const { result } = decodeMessage(ToolResponseSchema, data);
      const { items, ...rest } = result as {
        items: { text: string; command_id: string }[];
        still_waiting: number;
        note: string;
      };
      return {
        texts: items.map(({ text }) => text),
        ids: items.map(({ command_id }) => command_id),
        ...rest,
      };
    };
    const send = (run: TestServer, text: string) =>
      run.server.sendCommand({ id: ada, type: "task", text, from: "me" });

    test("another is given nothing that came later, and is told so", async () => {
      await using run = await startTestServer();
      const bus = await run.nats.bus();
      await connectAgent(run, bus, "ada");
      const ask = confirming(bus);
      await send(run, "one");
      expect(await ask("r1")).toMatchObject({ texts: ["one"], still_waiting: 0 });
      await send(run, "two");
      expect(await ask("r2")).toEqual({
        texts: [],
        ids: [],
        still_waiting: 2,
        note: "another call has the next item: call check_inbox again",
      });
      expect(await ask("r1")).toMatchObject({ texts: ["one", "two"] });
    });

    test("another that asks meanwhile is given what comes next as soon as it is confirmed", async () => {
      await using run = await startTestServer();
      const bus = await run.nats.bus();
      await connectAgent(run, bus, "ada");
      const ask = confirming(bus);
      await send(run, "one");
      const { ids } = await ask("r1");
      await send(run, "two");
      const [next] = await Promise.all([
        ask("r2"),
        ...ids.map((command_id) => bus.publishStored("agent.ada.receipt", { command_id, state: "injected" })),
      ]);
      expect(next).toMatchObject({ texts: ["two"], still_waiting: 0 });
    });

    test("a new bridge of the agent is given it again at once, and its own call keeps it", async () => {
      await using run = await startTestServer();
      const bus = await run.nats.bus();
      await connectAgent(run, bus, "ada");
      const ask = confirming(bus);
      await send(run, "one");
      expect(await ask("r1", "ada")).toMatchObject({ texts: ["one"] });
      await send(run, "two");
      bus.publish("agent.ada.heartbeat", { status: "connected", instance_id: "next", seq: 1 });
      expect(await ask("r2", "next")).toMatchObject({ texts: ["one", "two"] });
      expect(await ask("r3", "next")).toMatchObject({ texts: [] });
      expect(await ask("r1", "ada")).toMatchObject({ texts: [] });
    });
  });

  test("twenty agents that ask at once are each answered, and two that ask for one inbox share it", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    await connectAgent(run, bus, "ada");
    for (let i = 0; i < 10; i += 1)
      await run.server.sendCommand({ id: ada, type: "task", text: `${i}`, from: "me" });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => call(bus, `agent-${i}`, "report_status", { status: "idle" })),
    );
    expect(answers.every(({ success }) => success)).toBe(true);
    const [one, two] = await Promise.all([inboxOf(bus, "ada"), inboxOf(bus, "ada")]);
    const texts = [...(one ?? []), ...(two ?? [])].map(({ text }) => Number(text)).sort((a, b) => a - b);
    expect(texts).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("an expired command is not handed out, and is said to be expired", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    await connectAgent(run, bus, "ada");
    const past = new Date(Date.now() - 1_000).toISOString();
    await bus.publishStored("agent.ada.command", {
      type: "task",
      payload: "late",
      command_id: "c1",
      expires_at: past,
    });
    expect(await inboxOf(bus, "ada")).toEqual([]);
    const last = () => run.server.fleet.get(ada)?.commands[0]?.receipts.at(-1)?.state;
    await waitFor(() => last() === "expired", { what: "the receipt expired" });
  });

  test("an item that was handed over in time does not expire when its call is repeated later: either answer may arrive", async () => {
    let aheadMs = 0;
    await using run = await startTestServer({ now: () => new Date(Date.now() + aheadMs) });
    const bus = await run.nats.bus();
    await connectAgent(run, bus, "ada");
    const livesMs = 15_000;
    await bus.publishStored("agent.ada.command", {
      ...{ type: "task", payload: "just in time", command_id: "c1" },
      expires_at: new Date(Date.now() + livesMs).toISOString(),
    });
    const ask = async (request_id: string) => {
      const body = { request_id, tool: "check_inbox", confirms: true };
      const answer = parseJson(await bus.request("tools.call.ada", body, { timeoutMs: 60_000 }));
      return (answer as { result: { items: { command_id: string }[] } }).result.items.map(
        (item) => item.command_id,
      );
    };
    await waitFor(() => run.server.fleet.get(ada)?.commands.length === 1, { what: "the order is known" });
    expect(await ask("r1")).toEqual(["c1"]);
    aheadMs = livesMs; // its time has passed
    expect(await ask("r1")).toEqual(["c1"]);
    expect(run.server.fleet.get(ada)?.commands[0]?.receipts.map(({ state }) => state)).toEqual(["stored"]);
  });

  test("list_agents names the agents and what they do", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    await connectAgent(run, bus, "bob");
    await call(bus, "ada", "report_status", { status: "working", current_task: "t" });
    await waitFor(() => run.server.fleet.get(ada), { what: "ada in the fleet" });
    const { result } = await call(bus, "ada", "list_agents");
    expect(result).toMatchObject({ agents: [{ agent_id: "ada", current_task: "t" }, { agent_id: "bob" }] });
  });

  test.each<[string, object, string]>([
    ["report_statsu", { status: "idle" }, "did you mean report_status?"],
    ["report_status", {}, "status is missing"],
    ["report_status", { status: 3 }, "status"],
    ["report_progress", { percent: 101, note: "x" }, "percent"],
    ["send_message", { to: "nobody", text: "x" }, 'no agent "nobody"'],
    ["send_message", { to: "a.b", text: "x" }, "agent id"],
    ["acknowledge", { command_id: "c9", outcome: "applied" }, 'no command "c9" was sent to you'],
    ["acknowledge", { command_id: "c9", outcome: "maybe" }, "outcome"],
    ["reserve", { paths: ["a"], minutes: 5, why: "w" }, "is not in the fleet yet; call report_status first"],
  ])("%s %p fails with a line the model can act on", async (tool, args, words) => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const response = await call(bus, "ada", tool, args);
    expect(response.success).toBe(false);
    expect(response.error).toContain(words);
    expect(response.error).not.toContain("\n");
  });

  test("a caller that names another agent in the body is refused, and an alert says so", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const data = await bus.request(
      "tools.call.ada",
      { request_id: "r", agent_id: "bob", tool: "check_inbox" },
      { timeoutMs: 60_000 },
    );
    expect(parseJson(data)).toMatchObject({
      success: false,
      error: 'the body says agent_id "bob", the subject says "ada"',
    });
    expect(run.server.alerts.open()[0]).toMatchObject({
      kind: "refused",
      agent_id: "ada",
      severity: "warning",
    });
  });

  test("bytes that are no call are answered with success:false, and the server goes on", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    for (const payload of ["{", "", "[]", "\u0000", '{"tool":5}', '{"tool":"x","arguments":[]}']) {
      const message = await bus.connection.request("tools.call.ada", payload, { timeout: 60_000 });
      expect(message.json()).toMatchObject({ success: false });
    }
    expect(run.server.health().malformed).toBe(6);
    expect(await call(bus, "ada", "report_status", { status: "idle" })).toMatchObject({ success: true });
  });

  test("plain tools.call is answered only with --insecure", async () => {
    const body = { request_id: "r", agent_id: "ada", tool: "report_status", arguments: { status: "idle" } };
    await using locked = await startTestServer();
    const refused = await locked.bus.request("tools.call", body, { timeoutMs: 60_000 });
    expect(parseJson(refused)).toMatchObject({ success: false, request_id: "r" });
    await using open = await startTestServer({ insecure: true });
    const done = await open.bus.request("tools.call", body, { timeoutMs: 60_000 });
    expect(parseJson(done)).toMatchObject({ success: true, request_id: "r" });
    const nameless = await open.bus.request(
      "tools.call",
      { ...body, agent_id: undefined },
      { timeoutMs: 60_000 },
    );
    expect(parseJson(nameless)).toMatchObject({ success: false, error: "agent_id is missing" });
  });

  test("a call published without a reply subject is answered on tools.{request_id}.response", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const answered = Promise.withResolvers<unknown>();
    bus.subscribe("tools.late-1.response", ({ data }) => answered.resolve(parseJson(data)));
    await bus.flush();
    bus.publish("tools.call.ada", {
      request_id: "late-1",
      tool: "report_status",
      arguments: { status: "idle" },
    });
    expect(await answered.promise).toMatchObject({ request_id: "late-1", success: true });
  });

  test("an agent hears nothing that was meant for another", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    for (const id of ["ada", "bob", "eve"]) await connectAgent(run, bus, id);
    await run.server.sendCommand({ id: bob, type: "task", text: "for bob", from: "me" });
    expect(await inboxOf(bus, "ada")).toEqual([]);
    expect(await inboxOf(bus, "eve")).toEqual([]);
    expect(await inboxOf(bus, "bob")).toMatchObject([{ text: "for bob" }]);
  });
});
