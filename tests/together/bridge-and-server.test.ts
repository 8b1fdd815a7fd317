import { expect, test } from "bun:test";
import { startTestBridge, textOf } from "../support/bridge-fixture.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

test("the server's fleet shows an agent's whole run: connected, at work, told, stopped", async () => {
  await using test = await startTestServer();
  const { fleet } = test.server;
  await using ada = startTestBridge({ url: test.nats.url });
  const client = await ada.connect("modern");
  await client.listTools();
  const view = () => fleet.get(ada.id);
  await waitFor(() => view()?.status === "connected", { what: "ada connected", saw: view });
  expect(view()).toMatchObject({ config_name: "demo", cli: "test-cli", session_id: "s-1" });

  await client.callTool({
    name: "report_status",
    arguments: { status: "working", current_task: "merge", message: "half done" },
  });
  await waitFor(() => view()?.status === "working", { what: "ada at work", saw: view });
  expect(view()).toMatchObject({ current_task: "merge", said: { message: "half done" } });

  const { command_id } = await test.server.sendCommand({
    id: ada.id,
    type: "task",
    text: "test",
    from: "eve",
  });
  const states = () => view()?.commands[0]?.receipts.map(({ state }) => state);
  await waitFor(() => states()?.includes("delivered"), { what: "the receipt", saw: states });
  const reminded = await client.callTool({ name: "report_progress", arguments: { note: "on it" } });
  expect(textOf(reminded)).toContain("1 waiting in your inbox: call check_inbox");
  const inbox = await client.callTool({ name: "check_inbox", arguments: {} });
  expect(textOf(inbox)).toContain(command_id);
  await client.callTool({ name: "acknowledge", arguments: { command_id, outcome: "applied" } });
  await waitFor(() => states()?.includes("applied"), { what: "the last receipt", saw: states });
  expect(states()).toEqual(["stored", "delivered", "injected", "applied"]);

  await test.server.sendCommand({ id: ada.id, type: "stop", from: "eve", reason: "enough" });
  expect(await ada.bridge.ended).toBe("stopped");
  await waitFor(() => view()?.said?.message === "stop by eve: enough", {
    what: "ada's last word",
    saw: view,
  });
  await waitFor(() => view()?.status === "stopped", { what: "ada stopped", saw: view });
});

test("an agent that comes back after its goodbye is online again", async () => {
  await using test = await startTestServer();
  const view = () => test.server.fleet.list()[0];
  {
    await using first = startTestBridge({ url: test.nats.url });
    await first.connect();
    await waitFor(() => view()?.axes.link.value === "online", { what: "ada online", saw: view });
  }
  await waitFor(() => view()?.status === "disconnected", { what: "ada gone", saw: view });
  await using second = startTestBridge({ url: test.nats.url });
  await second.connect();
  await waitFor(() => view()?.status === "connected", { what: "ada back", saw: view });
});

test("what check_inbox gave is seen with the next call; what a run had last and did not answer, the next run is given again", async () => {
  await using test = await startTestServer();
  const { fleet } = test.server;
  const send = (command_id: string) =>
    test.server.sendCommand({
      id: first.id,
      type: "task",
      text: `do ${command_id}`,
      from: "eve",
      command_id,
    });
  const lastOf = (commandId: string) =>
    fleet
      .get(first.id)
      ?.commands.find(({ command_id }) => command_id === commandId)
      ?.receipts.at(-1);
  const delivered = (commandId: string) =>
    waitFor(() => lastOf(commandId)?.state === "delivered", { what: `${commandId} is delivered` });

  await using first = startTestBridge({ url: test.nats.url });
  const client = await first.connect();
  await waitFor(() => fleet.get(first.id)?.axes.link.value === "online", { what: "ada online" });
  await send("one");
  await delivered("one");
  await client.callTool({ name: "check_inbox", arguments: {} });
  await waitFor(() => lastOf("one")?.state === "injected", { what: "one is handed over" });
  await send("two");
  await delivered("two");
  expect(textOf(await client.callTool({ name: "check_inbox", arguments: {} }))).toContain("do two");
  await waitFor(() => lastOf("two")?.state === "injected", { what: "two is handed over" });
  expect(lastOf("one")).toMatchObject({ state: "seen", detail: "the next call of its CLI" });
  await first.bridge.shutdown("stdin closed");
  await waitFor(() => fleet.get(first.id)?.queued === 1, { what: "two waits again" });

  await using second = startTestBridge({ url: test.nats.url });
  const next = await second.connect();
  const { items } = JSON.parse(textOf(await next.callTool({ name: "check_inbox", arguments: {} }))) as {
    items: object[];
  };
  expect(items).toMatchObject([{ command_id: "two", text: "do two", maybe_given_before: true }]);
  await next.callTool({ name: "acknowledge", arguments: { command_id: "two", outcome: "applied" } });
  await waitFor(() => lastOf("two")?.state === "applied", { what: "two is applied" });
  const again = await next.callTool({ name: "check_inbox", arguments: {} });
  expect(textOf(again)).toContain("nothing waits");
});

test("an answered call that its client cancels afterwards, as OpenCode cancels each, stays done, and a waiting one goes on", async () => {
  await using test = await startTestServer();
  const { fleet } = test.server;
  const openRequests = () => test.server.requests.open();
  await using ada = startTestBridge({ url: test.nats.url });
  const call = (id: number, name: string, args: object = {}) =>
    ada.ask({ id, method: "tools/call", params: { name, arguments: args, _meta: { progressToken: id } } });
  const cancel = (requestId: number) =>
    ada.write(
      JSON.stringify({
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId, reason: "AbortError: The operation was aborted." },
      }),
    );
  await ada.ask({
    id: 0,
    method: "initialize",
    params: {
      protocolVersion: "2025-11-25",
      capabilities: { roots: {} },
      clientInfo: { name: "opencode", version: "1.18.33" },
    },
  });
  ada.write('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  await waitFor(() => fleet.get(ada.id)?.axes.link.value === "online", { what: "ada online" });

  const { command_id } = await test.server.sendCommand({
    ...{ id: ada.id, type: "task", text: "look", from: "eve" },
  });
  const states = () => fleet.get(ada.id)?.commands[0]?.receipts.map(({ state }) => state);
  await waitFor(() => states()?.includes("delivered"), { what: "the task is delivered", saw: states });
  expect(textOf((await call(1, "check_inbox")).result)).toContain(command_id);
  cancel(1);
  const waiting = call(2, "ask_human", { question: "Which one?", wait_s: 60 });
  await waitFor(() => openRequests().length, { what: "the question" });
  cancel(1);
  expect(textOf((await call(3, "report_status", { status: "working", message: "on it" })).result)).toBe(
    "status recorded: working",
  );
  cancel(3);
  expect((await call(4, "acknowledge", { command_id, outcome: "applied" })).error).toBeUndefined();
  cancel(4);
  await waitFor(() => states()?.includes("applied"), { what: "the last receipt", saw: states });
  expect(states()).toEqual(["stored", "delivered", "injected", "seen", "applied"]);
  expect(fleet.get(ada.id)?.said?.message).toBe("on it");

  const [request] = openRequests();
  await test.server.requests.answer(request?.request_id ?? "", { text: "the first" }, "eve");
  expect(textOf((await waiting).result)).toContain("the first");
  const answered = ada.lines.map((line) => JSON.parse(line)).filter(({ id }) => id !== undefined);
  expect(answered.map(({ id }) => id).toSorted()).toEqual([0, 1, 2, 3, 4]);
  expect(answered.filter(({ error }) => error !== undefined)).toEqual([]);
});
