// What a session concludes from an agent's messages, in the form in which Qwen Code 0.24.4 sends them.
import { expect, test } from "bun:test";
import { qwenOverAcp as qwen } from "../../../src/agents/acp/agents/qwen.ts";
import type { SessionSign, TurnResult } from "../../../src/domain/hook.ts";
import { stays, waitFor } from "../../support/wait-for.ts";
import { openScripted } from "./scripted-agent.ts";

const options = [
  { optionId: "once", kind: "allow_once", name: "yes" },
  { optionId: "no", kind: "reject_once", name: "no" },
];
const touch = { toolCallId: "call-1", title: "touch a", kind: "execute" };
const refused = { outcome: { outcome: "selected", optionId: "no" } };

test("a permission that a subagent asks for is no evidence that the session's model has the text", async () => {
  const signs: SessionSign[] = [];
  using agent = await openScripted(qwen, {
    onHook: async ({ facts }) => ({ type: facts.kind === "permission" ? "permit" : "go" }),
    onSign: (sign) => signs.push(sign),
  });
  await agent.session.say("work", "order-1");
  await agent.prompted(1);
  const call = { sessionUpdate: "tool_call", toolCallId: "of-subagent", status: "pending", title: "touch a" };
  agent.update({ ...call, _meta: { toolName: "run_shell_command", parentToolCallId: "agent-1" } });
  await agent.ask({ ...touch, toolCallId: "of-subagent" }, options);
  expect(signs).toEqual([]);
  await agent.ask({ ...touch, toolCallId: "of-session" }, options);
  expect(signs).toEqual([{ type: "taken", text: "work", id: "order-1" }, { type: "answer" }]);
});

/** A host whose agent is paused until the test lets it go. */
function pausedHost() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const whenLetGo = (signal: AbortSignal) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    return promise;
  };
  return { whenLetGo, letGo: resolve };
}

test("the reason of a refusal is the next prompt; while the agent is paused it waits until the agent is let go", async () => {
  const { whenLetGo, letGo } = pausedHost();
  using agent = await openScripted(qwen, {
    whenLetGo,
    onHook: async ({ facts }) =>
      facts.kind === "permission" ? { type: "forbid", reason: "Use the other folder." } : { type: "go" },
  });
  await agent.session.say("work");
  await agent.prompted(1);
  expect(await agent.ask(touch, options)).toEqual(refused);
  agent.endTurn();
  await stays(() => agent.prompts().length === 1, {
    ...{ what: "no other prompt is sent", because: "the next prompt follows at once", forMs: 200 },
  });
  letGo();
  await agent.prompted(2);
  expect(agent.prompts()[1]).toContain("has not run: Use the other folder.");
});

test("an interrupt ends a turn whose next prompt waits for the end of a pause, and the prompt is not sent", async () => {
  const results: TurnResult[] = [];
  using agent = await openScripted(qwen, {
    whenLetGo: pausedHost().whenLetGo,
    onHook: async ({ facts }) =>
      facts.kind === "turn_end" ? { type: "hold_back", reason: "Not yet." } : { type: "go" },
    onResult: (result) => results.push(result),
  });
  await agent.session.say("work");
  await agent.prompted(1);
  agent.endTurn();
  expect(await agent.session.interrupt()).toBe(true);
  await waitFor(() => results.length > 0, { what: "its result" });
  expect(results).toMatchObject([{ isError: true, text: "its turn was interrupted" }]);
  expect(agent.prompts()).toHaveLength(1);
});

test("an interrupt cuts off the turn of an agent that has stopped reading, and does not wait for it", async () => {
  const results: TurnResult[] = [];
  using agent = await openScripted(qwen, { onResult: (result) => results.push(result) });
  await agent.session.say("work");
  await agent.prompted(1);
  agent.stopReading();
  expect(await agent.session.interrupt()).toBe(false);
  agent.endTurn();
  await waitFor(() => results.length > 0, { what: "its result" });
  expect(results).toMatchObject([{ isError: true, text: "its turn was interrupted" }]);
});

test("an agent that ends in its turn tells no result of it: another run may go on with its task", async () => {
  const results: TurnResult[] = [];
  const agent = await openScripted(qwen, { onResult: (result) => results.push(result) });
  await agent.session.say("work", "order-1");
  await agent.prompted(1);
  agent[Symbol.dispose]();
  await stays(() => results.length === 0, {
    ...{ what: "no result is told", because: "it would come with the end of the connection", forMs: 300 },
  });
  await expect(agent.session.say("more")).rejects.toThrow("the session of qwen has ended");
});

test("a message that is too large for the connection ends it, and the turn has failed: its agent may run on", async () => {
  const results: TurnResult[] = [];
  using agent = await openScripted(qwen, { onResult: (result) => results.push(result) });
  await agent.session.say("work", "order-1");
  await agent.prompted(1);
  agent.update({
    sessionUpdate: "tool_call_update",
    toolCallId: "read",
    rawOutput: "x".repeat(33 * 1_024 ** 2),
  });
  await waitFor(() => results.length === 1, { what: "the turn has failed" });
  expect(results).toMatchObject([{ isError: true, text: expect.stringContaining("byte limit") }]);
});
