import { describe, expect, test } from "bun:test";
import { parseJson } from "../../../src/domain/wire/decode.ts";
import { startAgent, type TestAgent, viewOf } from "../../support/agent-fixture.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

async function startFleet() {
  const run = await startTestServer();
  const bus = await run.nats.bus();
  const cap = await startAgent(run, bus, "cap", { role: "captain" });
  const ada = await startAgent(run, bus, "ada");
  const heard = (subject: string) => {
    const bodies: unknown[] = [];
    bus.subscribe(subject, ({ data }) => void bodies.push(parseJson(data)));
    return bodies;
  };
  return { run, bus, cap, ada, heard, [Symbol.asyncDispose]: () => run[Symbol.asyncDispose]() };
}

const ask = async (agent: TestAgent, args = {}) =>
  String((await agent.result("ask_human", { question: "left or right?", wait_s: 0, ...args })).request_id);

/** What comes into an inbox, once something does. */
async function firstItems(agent: TestAgent) {
  const look = async () => {
    const items = await agent.inbox();
    return items.length > 0 && items;
  };
  return await waitFor(look, { what: `${agent.id} has something in its inbox` });
}

describe("a captain", () => {
  test("is brought each open request, and its decision reaches the agent and all who listen", async () => {
    await using fleet = await startFleet();
    const { run, bus, cap, ada, heard } = fleet;
    const decisions = heard("captain.decision");
    await bus.flush();
    const request_id = await ask(ada, { choices: ["left", "right"] });
    const [item] = await firstItems(cap);
    expect(item).toMatchObject({ origin: "request", from: "ada", request_id });
    expect(item?.text).toContain("left or right?\n1. left\n2. right");

    const args = { request_id, decision: "2", reason: "shorter" };
    await cap.result("decide", args, { requestId: "call-1" });
    expect(await firstItems(ada)).toMatchObject([
      { origin: "answer", from: "cap", text: "right (shorter)", request_id },
    ]);
    await waitFor(() => decisions.length === 1, { what: "the decision is published" });
    expect(decisions[0]).toMatchObject({ about: request_id, decision: "2", reason: "shorter", from: "cap" });
    expect(decisions[0]).toHaveProperty("decision_id");

    // The same call again changes nothing; another decision comes too late.
    await waitFor(() => run.server.requests.get(request_id)?.told_at, { what: "the answer is noted" });
    expect((await cap.call("decide", args, { requestId: "call-1" })).success).toBe(true);
    expect(await cap.call("decide", { ...args, decision: "1" })).toMatchObject({
      success: false,
      error: expect.stringContaining("answered already by cap"),
    });
  });

  test("approves or refuses a stop, and nothing in between", async () => {
    await using fleet = await startFleet();
    const { cap, ada, run } = fleet;
    const asked = ada.result("request_stop_approval", { reason: "done", context: "", work_completed: "" });
    const { request_id } = await waitFor(() => run.server.requests.open()[0], { what: "the request" });
    expect(await cap.call("decide", { request_id, decision: "maybe", reason: "?" })).toMatchObject({
      success: false,
      error: expect.stringContaining("neither approve nor refuse"),
    });
    await cap.result("decide", { request_id, decision: "approve", reason: "well done" });
    expect(await asked).toMatchObject({ approved: true, answer: "your stop is approved by cap: well done" });
  });

  test("answers the questions of a dialog, a line each, by number or in words", async () => {
    await using fleet = await startFleet();
    const { cap, ada, run } = fleet;
    const choices = [{ label: "red", description: "warm" }, { label: "blue" }];
    const questions = [
      { question: "Which colour?", choices },
      { question: "Which others?", choices, several: true },
    ];
    const asked = ada.result("request_answers", { questions });
    const { request_id } = await waitFor(() => run.server.requests.open()[0], { what: "the request" });
    const [item] = await firstItems(cap);
    expect(item?.text).toBe(
      [
        `ada asks (request ${request_id}): Question 1: Which colour?`,
        ...[
          "1. red – warm",
          "2. blue",
          "Question 2: Which others? (one or more)",
          "1. red – warm",
          "2. blue",
        ],
        "decide with a line for each question, in their order: the number of a choice (1,3 if more than one may be taken), or words",
      ].join("\n"),
    );
    expect(await cap.call("decide", { request_id, decision: "approve", reason: "?" })).toMatchObject({
      success: false,
      error: expect.stringContaining("asks 2 questions, and got 1 answer"),
    });
    await cap.result("decide", { request_id, decision: "2\n1,2", reason: "house style" });
    expect(await asked).toMatchObject({ by: "cap", answers: ["blue", "red, blue (house style)"] });
  });

  test("answers a form, which gets no reason; those who listen get it", async () => {
    await using fleet = await startFleet();
    const { bus, cap, ada, run, heard } = fleet;
    const decisions = heard("captain.decision");
    await bus.flush();
    const questions = [{ question: "How many?", choices: [], takes: "whole_number" }];
    const asked = ada.result("request_answers", { questions });
    const { request_id } = await waitFor(() => run.server.requests.open()[0], { what: "the request" });
    await cap.result("decide", { request_id, decision: "3", reason: "enough" });
    expect(await asked).toMatchObject({ by: "cap", answers: ["3"] });
    await waitFor(() => decisions.length === 1, { what: "the decision is published" });
    expect(decisions[0]).toMatchObject({ about: request_id, decision: "3", reason: "enough" });
  });

  test("does not decide its own request, nor one that was escalated to people", async () => {
    await using fleet = await startFleet();
    const { run, cap, ada } = fleet;
    const own = await ask(cap);
    expect(await cap.call("decide", { request_id: own, decision: "left", reason: "mine" })).toMatchObject({
      success: false,
      error: expect.stringContaining("is your own"),
    });
    const request_id = await ask(ada);
    await cap.result("escalate", { request_id, reason: "it costs money" });
    await waitFor(() => run.server.requests.get(request_id)?.escalated, { what: "the escalation" });
    expect(run.server.requests.get(request_id)).toMatchObject({
      state: "asked",
      escalated: { by: "cap", reason: "it costs money" },
    });
    const alerts = () => run.server.alerts.open().filter(({ kind }) => kind === "escalated");
    await waitFor(() => alerts().length === 1, { what: "the alert", saw: alerts });
    expect(alerts()[0]?.message).toContain("escalated to people by cap: it costs money");
    const late = await cap.call("decide", { request_id, decision: "left", reason: "after all" });
    expect(late.error).toContain("was escalated to people by cap: it costs money");
    await run.server.requests.answer(request_id, { text: "left" }, "ann");
    expect(await firstItems(ada)).toMatchObject([{ from: "ann", text: "left" }]);
    await waitFor(() => alerts().length === 0, { what: "the alert is over" });
  });

  test("that comes later finds what is open, once, also over a restart", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const ada = await startAgent(run, bus, "ada");
    const request_id = await ask(ada);
    await waitFor(() => run.server.requests.open().length === 1, { what: "the request" });
    const cap = await startAgent(run, bus, "cap", { role: "captain" });
    await waitFor(() => viewOf(run, cap)?.queued === 1, { what: "the request waits for it" });
    const second = await run.restart();
    await startAgent(second, bus, "cap", { role: "captain" });
    expect(await cap.inbox()).toMatchObject([{ origin: "request", request_id }]);
    await startAgent(second, bus, "eve");
    expect(await cap.inbox()).toEqual([]);
    await second.server.stop();
  });

  test("tells all that are online, and commands one as the operator would", async () => {
    await using fleet = await startFleet();
    const { run, bus, cap, ada, heard } = fleet;
    const bob = await startAgent(run, bus, "bob");
    const broadcasts = heard("captain.broadcast");
    await bus.flush();
    expect(await cap.result("broadcast", { text: "freeze at noon" })).toMatchObject({
      stored: 2,
      to: ["ada", "bob"],
    });
    for (const agent of [ada, bob]) {
      expect(await firstItems(agent)).toMatchObject([
        { origin: "captain", from: "cap", text: "freeze at noon" },
      ]);
    }
    expect(broadcasts).toEqual([{ text: "freeze at noon", from: "cap" }]);
    const { command_id } = await cap.result("command_agent", { id: "bob", type: "task", payload: "test it" });
    expect(await firstItems(bob)).toMatchObject([
      { command_id, type: "task", origin: "captain", from: "cap", text: "test it" },
    ]);
    await cap.result("command_agent", { id: "bob", type: "pause", payload: "lunch" });
    expect(await firstItems(bob)).toMatchObject([{ type: "pause", text: "lunch" }]);
    for (const [args, words] of [
      [{ id: "bop", type: "stop" }, "did you mean bob"],
      [{ id: "cap", type: "stop" }, "request_stop_approval"],
      [{ id: "bob", type: "task" }, "a task needs its text"],
    ] as const) {
      const refused = await cap.call("command_agent", args);
      expect(refused).toMatchObject({ success: false, error: expect.stringContaining(words) });
    }
  });
});

describe("captainHandlers", () => {
  test.each([
    ["decide", { request_id: "r", decision: "left", reason: "x" }],
    ["escalate", { request_id: "r", reason: "x" }],
    ["broadcast", { text: "x" }],
    ["command_agent", { id: "cap", type: "stop" }],
  ])("%s is refused to an agent that is no captain, and the operator hears of it", async (tool, args) => {
    await using fleet = await startFleet();
    const { run, ada, cap } = fleet;
    expect(await ada.call(tool, args)).toMatchObject({
      success: false,
      error: expect.stringContaining(`${tool} is for captains, and ada is not one`),
    });
    expect(run.server.alerts.open()).toMatchObject([{ kind: "refused", agent_id: "ada" }]);
    expect(await cap.inbox()).toEqual([]);
  });
});
