// Calls that wait for a person, through the bridge and the real server.
import { expect, test } from "bun:test";
import { startTestBridge, textOf } from "../support/bridge-fixture.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

const openRequest = ({ server }: TestServer) =>
  waitFor(() => server.requests.open()[0], { what: "an open request" });

test("an answer that comes while the call waits is given by it, receipted by the bridge, and not given again", async () => {
  await using run = await startTestServer();
  await using ada = startTestBridge({ url: run.nats.url });
  const client = await ada.connect();
  const asked = client.callTool({ name: "ask_human", arguments: { question: "why?" } });
  const { request_id } = await openRequest(run);
  await run.server.requests.answer(request_id, { text: "because" }, "ann");
  expect(JSON.parse(textOf(await asked))).toEqual({ request_id, answer: "because", by: "ann" });
  const receipts = () =>
    run.server.fleet.get(ada.id)?.commands.find(({ command_id }) => command_id === `answer-${request_id}`)
      ?.receipts ?? [];
  await waitFor(() => receipts().some(({ state }) => state === "injected"), {
    what: "the receipt",
    saw: receipts,
  });
  expect(receipts().at(-1)).toMatchObject({ state: "injected", route: "ask_human" });
  const inbox = await client.callTool({ name: "check_inbox", arguments: {} });
  expect(JSON.parse(textOf(inbox))).toMatchObject({ items: [] });
});

test("a server that ends while a call waits: the next one has the same question, and its answer reaches the call", async () => {
  await using first = await startTestServer();
  await using ada = startTestBridge({ url: first.nats.url, askAgainMs: 300 });
  const client = await ada.connect();
  const asked = client.callTool({ name: "ask_human", arguments: { question: "why?", wait_s: 30 } });
  const { request_id } = await openRequest(first);
  const second = await first.restart();
  await second.server.requests.answer(request_id, { text: "because" }, "ann");
  expect(JSON.parse(textOf(await asked))).toMatchObject({ request_id, answer: "because" });
  expect(second.server.requests.all()).toHaveLength(1);
  await second.server.stop();
});

test("a call that the client cancels leaves the question open, and the answer comes by check_inbox", async () => {
  await using run = await startTestServer();
  await using ada = startTestBridge({ url: run.nats.url });
  const client = await ada.connect();
  const cancel = new AbortController();
  const asked = client.callTool(
    { name: "ask_human", arguments: { question: "why?", wait_s: 1 } },
    { signal: cancel.signal },
  );
  const { request_id } = await openRequest(run);
  cancel.abort();
  await expect(asked).rejects.toThrow();
  const over = Date.parse((await openRequest(run)).asked_at) + 1_000;
  await waitFor(() => Date.now() > over, { what: "the server waits no more for the call" });
  await run.server.requests.answer(request_id, { text: "because" }, "ann");
  const items = await waitFor(
    async () => {
      const inbox = await client.callTool({ name: "check_inbox", arguments: {} });
      const given = JSON.parse(textOf(inbox)).items as unknown[];
      return given.length > 0 && given;
    },
    { what: "the answer" },
  );
  expect(items).toMatchObject([{ origin: "answer", request_id, text: "because" }]);
});

test("a captain's role is in its heartbeat, and the server lets it call what it is shown", async () => {
  await using run = await startTestServer();
  const facts = {
    config_name: "captain",
    project_path: "/p",
    host: "here",
    pid: 1,
    role: "captain",
  } as const;
  await using cap = startTestBridge({ url: run.nats.url, id: "cap", facts });
  await using ada = startTestBridge({ url: run.nats.url });
  const [captain, agent] = [await cap.connect(), await ada.connect()];
  await waitFor(() => run.server.fleet.list().length === 2, { what: "both are known" });
  const args = { name: "broadcast", arguments: { text: "hello" } };
  expect(JSON.parse(textOf(await captain.callTool(args)))).toMatchObject({ stored: 1, to: ["ada"] });
  const { tools } = await agent.listTools();
  expect(tools.map(({ name }) => name)).not.toContain("broadcast");
  const inbox = await agent.callTool({ name: "check_inbox", arguments: {} });
  expect(JSON.parse(textOf(inbox))).toMatchObject({
    items: [{ origin: "captain", from: "cap", text: "hello" }],
  });
});
