import { describe, expect, test } from "bun:test";
import { agentOn, startAgent, type TestAgent, viewOf } from "../../support/agent-fixture.ts";
import type { TestServer } from "../../support/test-server.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

/** The one open request there is, once it is there. */
async function openRequest({ server }: TestServer) {
  return await waitFor(() => server.requests.open()[0], { what: "an open request" });
}

const attentionOf = (run: TestServer, agent: TestAgent) => viewOf(run, agent)?.axes.attention;

describe("ask_human", () => {
  test("gives the answer that comes while it waits, and not again by check_inbox", async () => {
    await using run = await startTestServer();
    const ada = await startAgent(run, await run.nats.bus(), "ada");
    const asked = ada.result("ask_human", { question: "left or right?", choices: ["left", "right"] });
    const request = await openRequest(run);
    expect(request).toMatchObject({ agent_id: "ada", kind: "question", on_expiry: "expire" });
    await run.server.requests.answer(request.request_id, { text: "2" }, "ann");
    expect(await asked).toEqual({ request_id: request.request_id, answer: "right", by: "ann" });
    await waitFor(() => run.server.requests.get(request.request_id)?.told_at, { what: "the message" });
    expect(await ada.inbox()).toEqual([]);
  });

  test("a caller that confirms is given the answer by one of its calls, until it has confirmed it", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const ada = await startAgent(run, bus, "ada");
    const call = (requestId: string, tool: string, args = {}) =>
      ada.call(tool, args, { requestId, confirms: true });
    const asked = call("c1", "ask_human", { question: "why?" });
    const { request_id } = await openRequest(run);
    await run.server.requests.answer(request_id, { text: "because" }, "ann");
    const takes = [`answer-${request_id}`];
    expect(await asked).toMatchObject({ takes, result: { answer: "because" } });
    await waitFor(() => run.server.requests.get(request_id)?.told_at, { what: "the message" });
    expect(await call("c2", "check_inbox")).toMatchObject({ result: { items: [] } });
    // The bridge lost the connection before it had the answer, and makes the same call again.
    expect(await call("c1", "ask_human", { question: "why?" })).toMatchObject({
      takes,
      result: { answer: "because" },
    });
    await bus.publishStored("agent.ada.receipt", {
      command_id: takes[0],
      state: "injected",
      route: "ask_human",
    });
    await waitFor(() => viewOf(run, ada)?.commands[0]?.receipts.some(({ state }) => state === "injected"), {
      what: "the receipt",
    });
    expect(await call("c3", "check_inbox")).toMatchObject({ result: { items: [] } });
    expect(run.server.requests.all()).toHaveLength(1);
  });

  test("an approval that the policy refused says so, also where check_inbox has given the answer", async () => {
    await using run = await startTestServer();
    const ada = await startAgent(run, await run.nats.bus(), "ada");
    const asking = { reason: "done", context: "", work_completed: "", wait_s: 0, expires_s: 1 };
    const call = () => ada.call("request_stop_approval", asking, { requestId: "c1" });
    await call();
    await waitFor(async () => (await ada.inbox()).length > 0, { what: "the policy's answer" });
    expect(await call()).toMatchObject({ result: { approved: false, by: "policy" } });
  });

  test("when nobody answers in time says so, and the answer comes by check_inbox, once", async () => {
    await using run = await startTestServer();
    const ada = await startAgent(run, await run.nats.bus(), "ada");
    const { request_id, note } = await ada.result("ask_human", { question: "why?", wait_s: 0 });
    expect(note).toBe("asked; the answer will come by check_inbox");
    await waitFor(() => attentionOf(run, ada)?.value === "question", { what: "the question is shown" });
    expect(attentionOf(run, ada)).toMatchObject({ source: "request", reason: "asks: why?" });
    await run.server.requests.answer(String(request_id), { text: "because" }, "ann");
    const items = await waitFor(
      async () => {
        const given = await ada.inbox();
        return given.length > 0 && given;
      },
      { what: "the answer" },
    );
    expect(items).toMatchObject([
      { type: "message", origin: "answer", from: "ann", request_id, text: "because" },
    ]);
    expect(await ada.inbox()).toEqual([]);
    await waitFor(() => attentionOf(run, ada)?.value === "none", { what: "nothing waits" });
  });

  test("a question outlives the server: answered after its restart, it reaches the call that is made again", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    const ada = await startAgent(first, bus, "ada");
    const args = { question: "go on?", wait_s: 20 };
    const lost = ada.call("ask_human", args, { requestId: "call-1" }).catch(() => undefined);
    const { request_id } = await openRequest(first);
    await waitFor(() => attentionOf(first, ada)?.value === "question", { what: "the question is shown" });
    const second = await first.restart();
    expect(second.server.requests.open()).toMatchObject([{ request_id, question: "go on?" }]);
    expect(attentionOf(second, ada)).toMatchObject({ value: "question", reason: "asks: go on?" });
    const again = ada.result("ask_human", args, { requestId: "call-1" });
    await second.server.requests.answer(request_id, { text: "yes" }, "ann");
    expect(await again).toMatchObject({ request_id, answer: "yes" });
    await waitFor(() => second.server.requests.get(request_id)?.told_at, { what: "the message" });
    expect(await ada.inbox()).toEqual([]);
    expect(second.server.requests.all()).toHaveLength(1);
    await second.server.stop();
    void lost;
  });

  test("an answer given while the agent is away waits for it", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const ada = await startAgent(run, bus, "ada");
    const { request_id } = await ada.result("ask_human", { question: "why?", wait_s: 0 });
    await bus.publishStored("agent.ada.status", { status: "disconnected" });
    await waitFor(() => viewOf(run, ada)?.axes.link.value === "offline", { what: "ada is away" });
    expect(attentionOf(run, ada)?.value).toBe("question");
    await run.server.requests.answer(String(request_id), { text: "because" }, "ann");
    await waitFor(() => viewOf(run, ada)?.queued === 1, { what: "the answer waits" });
    const back = await startAgent(run, bus, "ada");
    expect(await back.inbox()).toMatchObject([{ origin: "answer", text: "because" }]);
    expect(await back.inbox()).toEqual([]);
  });

  test("of two that answer at once one wins, and the other is told who it was", async () => {
    await using run = await startTestServer();
    const ada = await startAgent(run, await run.nats.bus(), "ada");
    const asked = ada.result("ask_human", { question: "why?" });
    const { request_id } = await openRequest(run);
    const answers = await Promise.allSettled(
      ["ann", "ben"].map((by) => run.server.requests.answer(request_id, { text: `by ${by}` }, by)),
    );
    const { by, answer } = await asked;
    expect(answer).toBe(`by ${by}`);
    const [refused] = answers.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    expect(refused).toMatchObject({ code: "decided_already" });
    expect(String(refused)).toContain(`is answered already by ${by}`);
  });

  test("of forty that ask at once twenty wait, and of another kind there is room", async () => {
    await using run = await startTestServer();
    const ada = await startAgent(run, await run.nats.bus(), "ada");
    const ask = (index: number) =>
      ada.call("ask_human", { question: `question ${index}`, wait_s: 0 }, { requestId: `call-${index}` });
    const asked = await Promise.all(Array.from({ length: 40 }, (_, index) => ask(index)));
    expect(asked.filter(({ success }) => success)).toHaveLength(20);
    expect(run.server.requests.open()).toHaveLength(20);
    const stop = { reason: "done", context: "", work_completed: "", wait_s: 0 };
    expect((await ada.call("request_stop_approval", stop)).success).toBe(true);
    // A call that is made again is the same request, and needs no room of its own.
    const index = asked.findIndex(({ success }) => success);
    expect((await ask(index)).success).toBe(true);
  });

  test("the same call id with another question is another request; twenty may wait, and one may be taken back", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const ada = await startAgent(run, bus, "ada");
    const bob = agentOn(bus, "bob");
    const ask = (question: string) => ada.call("ask_human", { question, wait_s: 0 }, { requestId: "same" });
    for (let i = 0; i < 20; i += 1) expect((await ask(`question ${i}`)).success).toBe(true);
    await waitFor(() => run.server.requests.open().length === 20, { what: "all twenty" });
    const refused = await ask("one more");
    expect(refused).toMatchObject({ success: false, error: expect.stringContaining("withdraw_request") });
    const request_id = run.server.requests.open()[3]?.request_id;
    expect(await bob.call("withdraw_request", { request_id })).toMatchObject({
      success: false,
      error: expect.stringContaining("is ada's, not yours"),
    });
    expect(await ada.call("withdraw_request", { request_id })).toMatchObject({ result: "withdrawn" });
    await waitFor(() => run.server.requests.open().length === 19, { what: "one less" });
    expect((await ask("one more")).success).toBe(true);
    await expect(run.server.requests.answer(String(request_id), { text: "x" }, "ann")).rejects.toMatchObject({
      message: expect.stringContaining("is withdrawn already"),
    });
    // What the tools refuse is no malformed message, and no alert.
    expect(run.server.health().malformed).toBe(0);
    expect(run.server.alerts.open()).toEqual([]);
  });
});

describe("request_stop_approval", () => {
  const args = { reason: "all done", context: "the tests pass", work_completed: "the parser" };

  test("is shown with what was done, and comes back with the reviewer's words", async () => {
    await using run = await startTestServer();
    const ada = await startAgent(run, await run.nats.bus(), "ada");
    const asked = ada.result("request_stop_approval", args);
    const { request_id, context } = await openRequest(run);
    expect(context).toBe("the tests pass\n\nwork completed: the parser");
    await waitFor(() => attentionOf(run, ada)?.value === "approval", { what: "the approval is shown" });
    await run.server.requests.answer(request_id, { approved: false, reason: "write the docs" }, "ann");
    expect(await asked).toEqual({
      request_id,
      answer: "your stop is refused by ann: write the docs",
      by: "ann",
      approved: false,
    });
  });

  test("is refused, never approved, when its time is over", async () => {
    await using run = await startTestServer();
    const ada = await startAgent(run, await run.nats.bus(), "ada");
    expect(await ada.result("request_stop_approval", { ...args, expires_s: 1 })).toMatchObject({
      approved: false,
      by: "policy",
      answer: "your stop is refused by policy: nobody answered in time",
    });
    const question = await ada.result("ask_human", { question: "why?", expires_s: 1 });
    expect(question).toEqual({ request_id: question.request_id, note: "nobody answered in time" });
  });
});
