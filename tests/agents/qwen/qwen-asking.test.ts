// What Qwen Code 0.24.4 tells of its questions, in the form in which it wrote it.
import { describe, expect, test } from "bun:test";
import { createQwenAsking } from "../../../src/agents/qwen/qwen-asking.ts";
import type { Hook, HookAnswer, HookFacts } from "../../../src/domain/hook.ts";
import { silentLogger } from "../../../src/log.ts";
import { waitFor } from "../../support/wait-for.ts";

const input = { command: "touch permitted", is_background: false };
const request = (tool_name = "run_shell_command") => ({
  ...{ type: "control_request", request_id: "r-1" },
  request: { subtype: "can_use_tool", tool_name, tool_use_id: "call_1", input, blocked_path: null },
});
const answered = {
  type: "control_response",
  response: { subtype: "success", request_id: "r-1", response: { allowed: true } },
};

function start() {
  const hooks: { readonly hook: Hook; readonly signal: AbortSignal | undefined }[] = [];
  const [events, confirmed, submitted]: [HookFacts[], object[], string[]] = [[], [], []];
  const { promise, resolve } = Promise.withResolvers<HookAnswer>();
  const asking = createQwenAsking({
    onHook: (hook, signal) => {
      hooks.push({ hook, signal });
      return promise;
    },
    onEvent: (event) => void events.push(event),
    confirm: async (answer) => void confirmed.push(answer),
    submit: async (text) => void submitted.push(text),
    log: silentLogger,
  });
  return { asking, hooks, events, confirmed, submitted, answer: resolve };
}

describe("createQwenAsking()", () => {
  test("a request is a permission for the host, and its answer goes back", async () => {
    const { asking, hooks, confirmed, submitted, answer } = start();
    asking.take({ type: "assistant" });
    asking.take(request());
    asking.take(request());
    expect(hooks).toHaveLength(1);
    expect(hooks[0]?.hook).toEqual({
      facts: {
        kind: "permission",
        tool: "run_shell_command",
        detail: "touch permitted",
        tool_use_id: "call_1",
      },
      tool: { name: "run_shell_command", input, isOwn: false },
      isSubagent: false,
    });
    answer({ type: "permit" });
    await waitFor(() => confirmed.length > 0, { what: "it is answered" });
    expect(confirmed).toEqual([{ type: "confirmation_response", request_id: "r-1", allowed: true }]);
    expect(submitted).toEqual([]);
  });

  test("a refusal has its words as the next prompt, because it ends the turn", async () => {
    const { asking, confirmed, submitted, answer } = start();
    asking.take(request());
    answer({ type: "forbid", reason: "Use the other folder." });
    await waitFor(() => submitted.length > 0, { what: "the words are given" });
    expect(confirmed).toMatchObject([{ allowed: false }]);
    expect(submitted[0]).toContain("Use the other folder.");
  });

  test("if the person at the terminal allows the call before a refusal is read, the model is not told that it has not run", async () => {
    const { asking, confirmed, submitted, events, answer } = start();
    asking.take(request());
    answer({ type: "forbid", reason: "Use the other folder." });
    await waitFor(() => confirmed.length > 0, { what: "the refusal is written" });
    asking.take(answered);
    await waitFor(() => events.length > 0, { what: "the answer that counts is told" });
    expect(events).toMatchObject([{ kind: "notification", detail: "permission_response: allow" }]);
    expect(submitted).toEqual([]);
  });

  test("what the person at the terminal answers first is withdrawn, and answered no more", async () => {
    const { asking, hooks, confirmed, events, answer } = start();
    asking.take(request());
    asking.take(answered);
    expect(hooks[0]?.signal?.aborted).toBe(true);
    answer({ type: "permit" });
    await Promise.resolve();
    expect([confirmed, events]).toEqual([[], []]);
  });

  test("what is left to that person stays open until it is answered there", async () => {
    const { asking, hooks, confirmed, events, answer } = start();
    asking.take(request("ask_user_question"));
    expect(hooks[0]?.hook).toMatchObject({ facts: { kind: "question" }, tool: undefined });
    answer({ type: "go" });
    await new Promise(setImmediate);
    asking.take(answered);
    expect(events).toMatchObject([{ kind: "notification", detail: "permission_response: closed" }]);
    expect(confirmed).toEqual([]);
  });
});
