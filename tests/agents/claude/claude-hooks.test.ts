// What is told of Claude Code's hooks, and what is not.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readClaudeHook } from "../../../src/agents/claude/claude-hooks.ts";
import { checkMessage } from "../../../src/domain/wire/decode.ts";
import { AgentEventSchema } from "../../../src/domain/wire/event-messages.ts";

const base = { session_id: "s1", transcript_path: "/t.jsonl", cwd: "/project" };
const bash = { tool_name: "Bash", tool_input: { command: "make all" }, tool_use_id: "toolu_1" };

describe("readClaudeHook()", () => {
  test.each([
    ["SessionStart", { source: "startup" }, { kind: "session_start", detail: "startup" }],
    ["UserPromptSubmit", { prompt: "go" }, { kind: "prompt", detail: "go" }],
    ["PreToolUse", bash, { kind: "tool_start", tool: "Bash", tool_use_id: "toolu_1", detail: "make all" }],
    [
      "PostToolUse",
      { ...bash, tool_response: { stdout: "secret output" } },
      { kind: "tool_end", tool: "Bash", tool_use_id: "toolu_1", detail: "make all" },
    ],
    [
      "PostToolUseFailure",
      { ...bash, error: "exit 2", is_interrupt: false },
      { kind: "tool_failed", tool: "Bash", tool_use_id: "toolu_1", detail: "exit 2" },
    ],
    [
      "PermissionRequest",
      { tool_name: "Write", tool_input: { file_path: "/project/a", content: "long" } },
      { kind: "permission", tool: "Write", detail: "/project/a" },
    ],
    [
      "Notification",
      { notification_type: "idle_prompt", message: "Claude is waiting for your input" },
      { kind: "notification", detail: "idle_prompt: Claude is waiting for your input" },
    ],
    [
      "Notification",
      { notification_type: "worker_permission_prompt", message: "Bash" },
      { kind: "notification", detail: "permission_prompt: Bash" },
    ],
    [
      "Notification",
      { notification_type: "agent_needs_input", message: "Which one?" },
      { kind: "notification", detail: "elicitation_dialog: Which one?" },
    ],
    [
      "Notification",
      { notification_type: "elicitation_complete" },
      { kind: "notification", detail: "elicitation_response" },
    ],
    [
      "Notification",
      { notification_type: "auth_success", message: "Welcome" },
      { kind: "notification", detail: "auth_success: Welcome" },
    ],
    [
      "Elicitation",
      { message: "Proceed?" },
      { kind: "notification", detail: "elicitation_dialog: Proceed?" },
    ],
    [
      "ElicitationResult",
      { action: "cancel" },
      { kind: "notification", detail: "elicitation_response: cancel" },
    ],
    ["Stop", { last_assistant_message: "done" }, { kind: "turn_end" }],
    ["SubagentStart", { agent_type: "Explore" }, { kind: "subagent_start", detail: "Explore" }],
    ["SubagentStop", { agent_type: "Explore" }, { kind: "subagent_end", detail: "Explore" }],
    ["PreCompact", { trigger: "auto" }, { kind: "compaction", detail: "auto" }],
    ["SessionEnd", { reason: "logout" }, { kind: "session_end", detail: "logout" }],
  ])("reads %s", (hook_event_name, fields, facts) => {
    const read = readClaudeHook({ ...base, hook_event_name, ...fields })?.facts;
    expect<object | undefined>(read).toEqual({ ...facts, session_id: "s1" });
  });

  test.each([
    ["authentication_failed", "authentication"],
    ["oauth_org_not_allowed", "authentication"],
    ["cloud_credential_error", "authentication"],
    ["Invalid API key · Please run /login", "authentication"],
    ["rate_limit", "usage_limit"],
    ["billing_error", "usage_limit"],
    ["You've hit your usage limit", "usage_limit"],
    ["overloaded", "overloaded"],
    ["server_error", "server"],
    ["Prompt is too long", "context"],
    ["max_output_tokens", "other"],
    ["unknown", "other"],
    [undefined, "other"],
  ])("names the failure of a turn: %s is %s", (error, word) => {
    const facts = readClaudeHook({
      ...base,
      hook_event_name: "StopFailure",
      error,
      error_details: "why",
    })?.facts;
    expect(facts).toEqual({ kind: "turn_failed", error: word as "other", detail: "why", session_id: "s1" });
  });

  test.each([
    ["unknown", "API Error: 400 scripted error", "API Error: 400 scripted error"],
    [undefined, "API Error: 400 scripted error", "API Error: 400 scripted error"],
    ["unknown", undefined, "unknown"],
    ["authentication_failed", "API Error: 401 invalid x-api-key", "API Error: 401 invalid x-api-key"],
    ["max_output_tokens", "I dig", "max_output_tokens"],
  ])("tells why a turn failed: %s, %s", (error, last_assistant_message, detail) => {
    const hook = { ...base, hook_event_name: "StopFailure", error, last_assistant_message };
    expect(readClaudeHook(hook)?.facts?.detail).toBe(detail);
  });

  test.each([
    ["server_error", "API Error: 529 Overloaded. This is a server-side issue", "overloaded"],
    ["server_error", "API Error: 500 Internal server error", "server"],
    ["invalid_request", "Prompt is too long", "context"],
  ] as const)("names the failure of a turn by the service's words, too: %s, %s", (error, words, word) => {
    const hook = { ...base, hook_event_name: "StopFailure", error, last_assistant_message: words };
    expect(readClaudeHook(hook)?.facts).toMatchObject({ error: word, detail: words });
  });

  test("takes what the model said last for no word of its service", () => {
    const hook = { ...base, hook_event_name: "StopFailure", error: "max_output_tokens" };
    const last_assistant_message = "the rate limit is set in limits.ts";
    expect(readClaudeHook({ ...hook, last_assistant_message })?.facts?.error).toBe("other");
  });

  test("leaves out secrets, and cuts after that", () => {
    const command = `curl -H 'Authorization: Bearer abcdefghijklmnop1234' https://me:hunter2@x.org ${"y".repeat(500)}`;
    const detail = readClaudeHook({
      ...base,
      hook_event_name: "PreToolUse",
      tool_input: { command },
    })?.facts?.detail;
    expect(detail).toStartWith("curl -H 'Authorization: Bearer ***' https://***@x.org yyy");
    expect(detail).toHaveLength(200);
    const key = `${"z".repeat(190)} sk-ant-api03-abcdefghijklmnop`;
    const prompt = readClaudeHook({ ...base, hook_event_name: "UserPromptSubmit", prompt: key })?.facts
      ?.detail;
    expect(prompt).toBe(`${"z".repeat(190)} ***`);
    const error = readClaudeHook({
      ...base,
      hook_event_name: "PostToolUseFailure",
      error: "e".repeat(900),
    })?.facts;
    expect(error?.detail).toHaveLength(300);
  });

  test("is silent about what is no hook, and about hooks that say nothing of the state", () => {
    const nothing = [
      undefined,
      null,
      7,
      "Stop",
      [],
      {},
      { hook_event_name: 7 },
      { hook_event_name: "PostToolBatch" },
    ];
    for (const payload of [
      ...nothing,
      { hook_event_name: "MessageDisplay" },
      { hook_event_name: "constructor" },
    ]) {
      expect(readClaudeHook(payload)?.facts).toBeUndefined();
    }
  });

  test("what it reads can be sent, whatever is in the fields", () => {
    const name = fc.constantFrom(
      "SessionStart",
      "PreToolUse",
      "PostToolUseFailure",
      "Notification",
      "StopFailure",
    );
    const field = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.object(),
      fc.constant(null),
      fc.constant("x".repeat(5_000)),
    );
    const fields = fc.dictionary(
      fc.constantFrom("session_id", "tool_name", "tool_input", "tool_use_id", "error", "message", "source"),
      field,
    );
    fc.assert(
      fc.property(name, fields, (hook_event_name, rest) => {
        const facts = readClaudeHook({ ...rest, hook_event_name })?.facts;
        expect(checkMessage(AgentEventSchema, facts)).toEqual({ ...facts, kind: facts?.kind ?? "" });
      }),
    );
  });
});
