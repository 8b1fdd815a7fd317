// The hooks of Qwen Code 0.24.4, in the form in which it sent them on its terminal.
import { describe, expect, test } from "bun:test";
import { qwenHooks } from "../../../src/agents/qwen/qwen-hooks.ts";
import type { Hook, HookAnswer } from "../../../src/domain/hook.ts";

const timestamp = "2026-11-28T17:14:24.396Z";
const common = {
  timestamp,
  session_id: "s-1",
  transcript_path: "/chats/s-1.jsonl",
  prompt_id: "s-1########0",
};
const read = (name: string, fields: object = {}) =>
  qwenHooks.read({ hook_event_name: name, ...common, ...fields });
const shell = { tool_name: "run_shell_command", tool_input: { command: "touch a" }, tool_use_id: "toolu_1" };

describe("qwenHooks", () => {
  test.each<[string, object, object]>([
    ["SessionStart", { source: "startup" }, { kind: "session_start", detail: "startup" }],
    ["UserPromptSubmit", { prompt: "go", submitted_prompt: "go" }, { kind: "prompt", detail: "go" }],
    [
      "PreToolUse",
      shell,
      { kind: "tool_start", tool: "run_shell_command", detail: "touch a", tool_use_id: "toolu_1" },
    ],
    ["PostToolUseFailure", { ...shell, error: "no" }, { kind: "tool_failed", detail: "no" }],
    ["PermissionRequest", shell, { kind: "permission", tool: "run_shell_command" }],
    ["PermissionRequest", { tool_name: "ask_user_question" }, { kind: "question" }],
    ["Stop", { last_assistant_message: "done" }, { kind: "turn_end" }],
    [
      "StopFailure",
      { error: "rate_limit", error_details: "429" },
      { kind: "turn_failed", error: "usage_limit", detail: "429" },
    ],
    [
      "StopFailure",
      { error: "server_error", error_details: "503 The engine is overloaded" },
      { kind: "turn_failed", error: "overloaded" },
    ],
    [
      "StopFailure",
      { error: "invalid_request", error_details: "400 maximum context length is 4096 tokens" },
      { kind: "turn_failed", error: "context" },
    ],
    ["StopFailure", { error: "unknown" }, { kind: "turn_failed", error: "other", detail: "unknown" }],
    [
      "SubagentStart",
      { agent_id: "a-1", agent_type: "Explore" },
      { kind: "subagent_start", subagent: "a-1", detail: "Explore" },
    ],
    ["SessionEnd", { reason: "clear" }, { kind: "session_end", detail: "clear" }],
  ])("reads %s %j", (name, fields, facts) => {
    expect(read(name, fields)?.facts).toMatchObject({ session_id: "s-1", ...facts });
  });

  test("each has the record and the prompt's id; a subagent's is not the session's own", () => {
    expect(read("PreToolUse", shell)).toMatchObject({
      ...{ transcriptPath: "/chats/s-1.jsonl", promptId: "s-1########0", isSubagent: false, at: timestamp },
    });
    expect(read("PreToolUse", { ...shell, agent_id: "a-1" })).toMatchObject({ isSubagent: true });
  });

  test("a tool of cliai's is known by its name, and no other that only looks like one", () => {
    expect(read("PreToolUse", { tool_name: "mcp__cliai__report_status" })?.tool).toMatchObject({
      ...{ name: "report_status", isOwn: true },
    });
    expect(read("PreToolUse", { tool_name: "mcp__cliai__other" })?.tool).toMatchObject({ isOwn: false });
  });

  test("a tool's result that goes to the model is no prompt of the user's", () => {
    for (const prompt of ["", "[Function Response: edit]"])
      expect(read("UserPromptSubmit", { prompt })).toBeUndefined();
    const typed = "[Function Response: edit]";
    expect(read("UserPromptSubmit", { prompt: typed, submitted_prompt: typed })?.prompt).toBe(typed);
    expect(read("UserPromptSubmit", { prompt: "written in Vim's mode" })?.prompt).toBe(
      "written in Vim's mode",
    );
  });

  test("it is idle when it says so, and at the end of a turn it tells what runs in the background", () => {
    const idle = { notification_type: "idle_prompt", message: "Qwen Code is waiting for your input" };
    expect(read("Notification", idle)).toMatchObject({ isIdle: true, facts: { kind: "notification" } });
    expect(read("Stop")?.isIdle).toBe(false);
    expect(read("Notification", { notification_type: "auth_success" })).toBeUndefined();
    const background_tasks = [
      { id: "b-1", status: "running", description: "look around" },
      { id: "b-2", status: "completed" },
    ];
    expect(read("Stop", { background_tasks })?.background).toEqual([
      { id: "b-1", type: "subagent", description: "look around" },
    ]);
  });

  test("a field of another type counts as absent, other hooks are not used, and what is no hook is refused", () => {
    expect(read("PreToolUse", { tool_name: 1, prompt_id: null })?.facts).toEqual({
      ...{ kind: "tool_start", session_id: "s-1" },
    });
    expect(read("MessageDisplay")).toBeUndefined();
    expect(() => qwenHooks.read({})).toThrow("this is not a hook of Qwen Code");
  });

  test.each<[string, object, HookAnswer, object]>([
    ["PreToolUse", shell, { type: "go" }, {}],
    [
      ...(["PreToolUse", shell, { type: "deny", reason: "Paused." }] as const),
      specific("PreToolUse", { permissionDecision: "deny", permissionDecisionReason: "Paused." }),
    ],
    ["PostToolUse", shell, { type: "add", text: "hi" }, specific("PostToolUse", { additionalContext: "hi" })],
    ["Stop", {}, { type: "hold_back", reason: "Go on." }, { decision: "block", reason: "Go on." }],
    [
      ...(["PermissionRequest", shell, { type: "forbid", reason: "Stop." }] as const),
      specific("PermissionRequest", { decision: { behavior: "deny", message: "Stop." } }),
    ],
  ])("answers %s %j with %j", (name, fields, answer, wanted) => {
    expect(qwenHooks.buildAnswer(read(name, fields) as Hook, answer)).toEqual(wanted);
  });
});

function specific(hookEventName: string, fields: object) {
  return { hookSpecificOutput: { hookEventName, ...fields } };
}
