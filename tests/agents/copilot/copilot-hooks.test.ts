// The hooks of Copilot CLI 1.0.102, in the form in which it sent them on its terminal, with the name that `cliai hook` adds.
import { describe, expect, test } from "bun:test";
import { copilotHooks } from "../../../src/agents/copilot/copilot-hooks.ts";
import type { Hook, HookAnswer } from "../../../src/domain/hook.ts";

const common = { sessionId: "s-1", timestamp: 1_795_961_588_320, cwd: "/work" };
const read = (name: string, fields: object = {}) =>
  copilotHooks.read({ hook_event_name: name, ...common, ...fields });
const shell = { toolName: "bash", toolArgs: { command: "touch a", description: "make" } };
const subagent = { agentId: "a-1", agentType: "explore", parentAgentId: "s-1", sessionId: "a-1" };

describe("copilotHooks", () => {
  test.each<[string, object, object]>([
    ["sessionStart", { source: "new", initialPrompt: "go" }, { kind: "session_start", detail: "new" }],
    ["userPromptSubmitted", { prompt: "go" }, { kind: "prompt", detail: "go" }],
    ["preToolUse", shell, { kind: "tool_start", tool: "bash", detail: "touch a" }],
    [
      "permissionRequest",
      { toolName: "bash", toolInput: { command: "touch a" } },
      { kind: "permission", tool: "bash", detail: "touch a" },
    ],
    [
      "postToolUse",
      { ...shell, toolResult: { resultType: "success" } },
      { kind: "tool_end", tool: "bash", detail: "touch a" },
    ],
    ["postToolUseFailure", { ...shell, error: "no" }, { kind: "tool_failed", tool: "bash", detail: "no" }],
    [
      "notification",
      { notification_type: "permission_prompt", message: "Run command: touch a" },
      { kind: "notification", detail: "permission_prompt: Run command: touch a" },
    ],
    ["agentStop", { stopReason: "end_turn" }, { kind: "turn_end" }],
    ["preCompact", { trigger: "auto" }, { kind: "compaction", detail: "auto" }],
    ["sessionEnd", { reason: "user_exit" }, { kind: "session_end", detail: "user_exit" }],
  ])("reads %s %j", (name, fields, facts) => {
    expect(read(name, fields)?.facts).toEqual({ session_id: "s-1", ...facts } as Hook["facts"]);
  });

  test("the end of a turn has the record, and each hook its time", () => {
    expect(read("agentStop", { transcriptPath: "/s-1/events.jsonl", stop_hook_active: true })).toMatchObject({
      ...{ transcriptPath: "/s-1/events.jsonl", isHeldBack: true, isSubagent: false },
      at: "2026-11-29T14:13:08.320Z",
    });
  });

  test("a time that is none, such as one in nanoseconds, counts as absent, and the hook is taken all the same", () => {
    const hook = read("preToolUse", { ...shell, timestamp: 1_795_961_588_320_000_000 });
    expect(hook).toMatchObject({ at: undefined, facts: { kind: "tool_start" } });
  });

  test("a subagent's tools are its own: not of the session's id, nor its prompt and its end of the session's turn", () => {
    const started = read("preToolUse", { ...shell, ...subagent });
    expect(started).toMatchObject({ isSubagent: true, facts: { kind: "tool_start", subagent: "a-1" } });
    expect(started?.facts).not.toHaveProperty("session_id");
    expect(read("subagentStop", subagent)?.facts).toMatchObject({ kind: "subagent_end", detail: "explore" });
    for (const name of ["userPromptSubmitted", "agentStop"])
      expect(read(name, { ...subagent, prompt: "look" })).toBeUndefined();
  });

  test("a tool of cliai's is known by its server, and no other that only looks like one", () => {
    for (const toolName of ["cliai-report_status", "cliai/report_status"])
      expect(read("preToolUse", { toolName })?.tool).toMatchObject({ name: "report_status", isOwn: true });
    expect(read("preToolUse", { toolName: "cliai-other" })?.tool).toMatchObject({ isOwn: false });
    expect(read("preToolUse", { toolName: "report_status" })?.tool).toMatchObject({ isOwn: false });
  });

  test("a permission for one of cliai's own tools is left to Copilot, which has it from the launch", () => {
    expect(read("permissionRequest", { toolName: "cliai/report_status", toolInput: {} })).toBeUndefined();
    expect(read("permissionRequest", { toolName: "other/report_status" })?.tool?.name).toBe(
      "other-report_status",
    );
  });

  test("a field of another type counts as absent, other hooks are not used, and what is no hook is refused", () => {
    expect(read("preToolUse", { toolName: 1, timestamp: "x" })?.facts).toEqual({
      ...{ kind: "tool_start", session_id: "s-1" },
    });
    expect(read("errorOccurred")).toBeUndefined();
    expect(() => copilotHooks.read(common)).toThrow("this is not a hook of Copilot CLI");
  });

  test.each<[string, HookAnswer, object]>([
    ["preToolUse", { type: "go" }, {}],
    [
      "preToolUse",
      { type: "deny", reason: "Paused." },
      { permissionDecision: "deny", permissionDecisionReason: "Paused." },
    ],
    ["sessionStart", { type: "add", text: "You are ada." }, { additionalContext: "You are ada." }],
    ["agentStop", { type: "hold_back", reason: "Go on." }, { decision: "block", reason: "Go on." }],
    ["permissionRequest", { type: "permit" }, { behavior: "allow" }],
    ["permissionRequest", { type: "forbid", reason: "No." }, { behavior: "deny", message: "No." }],
  ])("answers %s: %j", (name, answer, wanted) => {
    expect(copilotHooks.buildAnswer(read(name, shell) as Hook, answer)).toEqual(wanted);
  });
});
