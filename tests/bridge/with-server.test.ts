import { expect, test } from "bun:test";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestBridge, textOf } from "./bridge-fixture.ts";

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
  await waitFor(() => view()?.status === "stopped", { what: "ada stopped", saw: view });
  expect(view()?.said?.message).toBe("stop by eve: enough");
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
