import { describe, expect, test } from "bun:test";
import { createStreamHooks } from "../../../../src/agents/claude/stream/claude-stream-hooks.ts";

/** As 2.1.330 writes it; `toolu_1` unless told. */
function callOf(request_id: string, tool_use_id = "toolu_1") {
  const input = { hook_event_name: "PreToolUse", tool_name: "Bash", tool_input: {}, tool_use_id };
  const request = { subtype: "hook_callback", callback_id: "PreToolUse", input };
  return { type: "control_request", request_id, request };
}

function resultOf(fields: object, meta: object = {}) {
  const { tool_use_result, ...block } = { tool_use_result: undefined, ...fields };
  const content = [{ type: "tool_result", tool_use_id: "toolu_1", content: "words", ...block }];
  return {
    ...{ type: "user", message: { role: "user", content } },
    ...{ tool_use_result, tool_result_meta: [{ id: "toolu_1", ...meta }] },
  };
}

function setUp(onHook: (payload: unknown, signal: AbortSignal) => Promise<unknown> = async () => ({})) {
  const written: Record<string, unknown>[] = [];
  const results: unknown[] = [];
  const hooks = createStreamHooks({
    write: async (message) => void written.push(message as Record<string, unknown>),
    createId: () => "r1",
    onHook,
    onToolResult: (payload) => results.push(payload),
  });
  /** After what is under way. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { hooks, written, results, settled };
}

const responseOf = (fields: object) => ({ type: "control_response", response: fields });
const denied = { hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: "deny" } };

describe("createStreamHooks()", () => {
  test("the hooks are registered once the CLI says so, with the time that it shall wait", async () => {
    const { hooks, written } = setUp();
    const registered = hooks.register(3_660);
    expect(written).toEqual([
      {
        ...{ type: "control_request", request_id: "r1" },
        request: {
          subtype: "initialize",
          hooks: { PreToolUse: [{ hookCallbackIds: ["PreToolUse"], timeout: 3_660 }] },
          forwardNestedSubagentToolCalls: true,
        },
      },
    ]);
    hooks.take(responseOf({ subtype: "error", request_id: "another", error: "not mine" }));
    hooks.take(responseOf({ subtype: "success", request_id: "r1", response: {} }));
    expect(await registered).toBeUndefined();
  });

  test("a CLI that ends before it answers is waited for no more", async () => {
    const { hooks } = setUp();
    const registered = hooks.register(60);
    hooks.end();
    expect(await registered).toBeUndefined();
  });

  test("a CLI that refuses them is named with its reason", async () => {
    const { hooks } = setUp();
    const registered = hooks.register(60);
    hooks.take(responseOf({ subtype: "error", request_id: "r1", error: "no such request" }));
    const error = await registered.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "cli_missing", message: expect.stringContaining("no such request") });
  });

  test("a call is answered under its own id, as the host answers it", async () => {
    const { hooks, written, settled } = setUp(async () => denied);
    hooks.take(callOf("c1"));
    await settled();
    const response = { subtype: "success", request_id: "c1", response: denied };
    expect(written).toEqual([{ type: "control_response", response }]);
  });

  test("what else the CLI asks over its stream is refused, and not left waiting", async () => {
    const { hooks, written, settled } = setUp();
    hooks.take({ type: "control_request", request_id: "q1", request: { subtype: "can_use_tool" } });
    await settled();
    expect(written).toEqual([
      {
        type: "control_response",
        response: {
          subtype: "error",
          request_id: "q1",
          error: "cliai does not support the request can_use_tool",
        },
      },
    ]);
  });

  test.each([
    ["cancelled", { type: "control_cancel_request", request_id: "c1" }],
    ["at the end of the stream", undefined],
  ])("a call that nobody waits for any more lets go of the gate: %s", async (_, cancel) => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const { hooks, written, settled } = setUp(async (_payload, signal) => {
      signal.addEventListener("abort", () => resolve());
      await left;
    });
    hooks.take(callOf("c1"));
    if (cancel === undefined) hooks.end();
    else hooks.take(cancel);
    await left;
    await settled();
    expect(written).toEqual([]);
  });

  test.each([
    ["an end", {}, {}, { hook_event_name: "PostToolUse", tool_response: "words" }],
    ["a failure", { is_error: true }, {}, { hook_event_name: "PostToolUseFailure", error: "words" }],
    [
      "a failure in its own words, without those for the model",
      { is_error: true, tool_use_result: "Error: no such file" },
      {},
      { hook_event_name: "PostToolUseFailure", error: "no such file" },
    ],
    [
      "a failure in blocks",
      {
        is_error: true,
        content: [{ type: "text", text: "a" }, { type: "image" }, { type: "text", text: "b" }],
      },
      {},
      { hook_event_name: "PostToolUseFailure", error: "a\nb" },
    ],
    [
      "what was cut off while it ran",
      { is_error: true },
      { non_execution_kind: "user-rejected" },
      { hook_event_name: "PostToolUseFailure" },
    ],
    ["what a rule forbade", { is_error: true }, { non_execution_kind: "permission-rule" }, undefined],
    [
      "what nobody permitted",
      { is_error: true },
      { non_execution_kind: "user-rejected", permission_decision: { decision: "reject" } },
      undefined,
    ],
  ])("a tool's result tells what the hook after it would have: %s", async (_, fields, meta, told) => {
    const { hooks, results, settled } = setUp();
    hooks.take(callOf("c1"));
    await settled();
    hooks.take(resultOf(fields, meta));
    hooks.take(resultOf(fields, meta));
    expect(results).toEqual(
      told === undefined ? [] : [expect.objectContaining({ tool_name: "Bash", ...told })],
    );
  });

  test("calls at once are kept apart", async () => {
    const { hooks, results, settled } = setUp();
    hooks.take(callOf("c1"));
    hooks.take(callOf("c2", "toolu_2"));
    await settled();
    hooks.take(resultOf({ tool_use_id: "toolu_2", content: "second" }));
    hooks.take(resultOf({ content: "first" }));
    expect(results).toEqual([
      expect.objectContaining({ tool_use_id: "toolu_2", tool_response: "second" }),
      expect.objectContaining({ tool_use_id: "toolu_1", tool_response: "first" }),
    ]);
  });

  test("the result of a call that was denied tells nothing: it was not run", async () => {
    const { hooks, results, settled } = setUp(async () => denied);
    hooks.take(callOf("c1"));
    await settled();
    hooks.take(resultOf({ is_error: true }));
    expect(results).toEqual([]);
  });

  /** As 2.1.330 writes it where it was started with `--permission-prompt-tool stdio`. */
  function permissionCall(request_id: string) {
    const asked = { tool_name: "Bash", input: { command: "ls" }, tool_use_id: "toolu_1", agent_id: "s1" };
    return { type: "control_request", request_id, request: { subtype: "can_use_tool", ...asked } };
  }

  test("a permission asked for by the stream is taken as its hook, and answered with the decision", async () => {
    const seen: unknown[] = [];
    const decision = { behavior: "allow", updatedInput: { command: "ls" } };
    const { hooks, written, settled } = setUp(async (payload) => {
      seen.push(payload);
      return { hookSpecificOutput: { hookEventName: "PermissionRequest", decision } };
    });
    hooks.take(permissionCall("c1"));
    await settled();
    expect(seen).toEqual([
      {
        ...{ hook_event_name: "PermissionRequest", tool_name: "Bash", tool_input: { command: "ls" } },
        ...{ tool_use_id: "toolu_1", agent_id: "s1" },
      },
    ]);
    expect(written).toEqual([responseOf({ subtype: "success", request_id: "c1", response: decision })]);
  });

  test("a permission that nobody can be asked for is denied in words; one that the CLI takes back is not answered", async () => {
    const { hooks, written, settled } = setUp();
    hooks.take(permissionCall("c1"));
    await settled();
    const response = { behavior: "deny", message: expect.stringContaining("Nobody can be asked") };
    expect(written).toEqual([responseOf({ subtype: "success", request_id: "c1", response })]);

    const held = Promise.withResolvers<unknown>();
    const other = setUp(() => held.promise);
    other.hooks.take(permissionCall("c2"));
    other.hooks.take({ type: "control_cancel_request", request_id: "c2" });
    held.resolve({ hookSpecificOutput: { decision: { behavior: "allow" } } });
    await other.settled();
    expect(other.written).toEqual([]);
  });

  test("a tool that Claude's own settings refused is told as a hook would, with the input of its start", async () => {
    const { hooks, results, settled } = setUp();
    hooks.take(callOf("c1"));
    await settled();
    const line = { type: "system", subtype: "permission_denied", tool_name: "Bash", tool_use_id: "toolu_1" };
    hooks.take({ ...line, decision_reason_type: "mode", message: "No." });
    hooks.take(
      resultOf({ is_error: true }, { permission_decision: { decision: "reject", source: "config" } }),
    );
    hooks.take({ ...line, tool_use_id: "toolu_2", agent_id: "s1", message: "Nor this." });
    expect(results).toEqual([
      {
        ...{ hook_event_name: "PermissionDenied", tool_name: "Bash", tool_input: {}, tool_use_id: "toolu_1" },
        ...{ decision_reason_type: "mode", reason: "No." },
      },
      {
        ...{ hook_event_name: "PermissionDenied", tool_name: "Bash", tool_use_id: "toolu_2", agent_id: "s1" },
        reason: "Nor this.",
      },
    ]);
  });
});
