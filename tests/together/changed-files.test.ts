// Which files a tool of each agent CLI changes, read from what that CLI sends; reading a file, or a command of a shell, changes none.
import { expect, test } from "bun:test";
import type { AcpCall } from "../../src/agents/acp/acp-messages.ts";
import { callHook, readCall } from "../../src/agents/acp/acp-tools.ts";
import { claudeHooks } from "../../src/agents/claude/claude-session.ts";
import { codexHooks } from "../../src/agents/codex/codex-hooks.ts";
import { callOf, toolHook } from "../../src/agents/codex/codex-tools.ts";
import { copilotHooks } from "../../src/agents/copilot/copilot-hooks.ts";
import { opencodeHooks } from "../../src/agents/opencode/opencode-hooks.ts";
import { qwenHooks } from "../../src/agents/qwen/qwen-hooks.ts";

const patch = "*** Begin Patch\n*** Update File: a.ts\n*** Move to: b.ts\n@@\n-1\n+2\n*** End Patch";

const claude = (tool_name: string, tool_input: object) =>
  claudeHooks.read({ hook_event_name: "PostToolUse", session_id: "s", tool_name, tool_input });
test.each([
  ["Edit", { file_path: "/p/a.ts", old_string: "1", new_string: "2" }, ["/p/a.ts"]],
  ["Write", { file_path: "/p/a.ts", content: "1" }, ["/p/a.ts"]],
  ["NotebookEdit", { notebook_path: "/p/a.ipynb", new_source: "1" }, ["/p/a.ipynb"]],
  ["Read", { file_path: "/p/a.ts" }, undefined],
  ["Bash", { command: "sed -i s/1/2/ a.ts" }, undefined],
] as const)("Claude Code: %s", (name, input, files) => {
  expect(claude(name, input)?.tool?.files as unknown).toEqual(files);
});

const codex = (tool_name: string, tool_input: object) =>
  codexHooks.read({ hook_event_name: "PreToolUse", tool_name, tool_use_id: "c-1", tool_input });
test("Codex: its hook before a patch, and the changes that its app-server tells of", () => {
  expect(codex("apply_patch", { command: patch })?.tool?.files).toEqual(["a.ts", "b.ts"]);
  expect(codex("Bash", { command: `apply_patch <<'EOF'\n${patch}\nEOF` })?.tool?.files).toEqual([
    "a.ts",
    "b.ts",
  ]);
  expect(codex("Bash", { command: "cat a.ts" })?.tool?.files).toBeUndefined();
  const changes = [
    { path: "/p/a.ts", kind: { type: "update", move_path: "/p/b.ts" }, diff: "" },
    { path: "/p/c.ts", kind: { type: "add" }, diff: "" },
  ];
  const item = { id: "i1", type: "fileChange", status: "completed", changes } as never;
  const call = callOf(item);
  if (call === undefined) throw new Error("a change of files is a call");
  expect(toolHook("tool_end", call, undefined).tool?.files).toEqual(["/p/a.ts", "/p/b.ts", "/p/c.ts"]);
});

const opencode = (tool: string, args: object) =>
  opencodeHooks.read({ type: "tool_start", tool, callID: "c-1", args });
test.each([
  ["edit", { filePath: "/p/a.ts", oldString: "1", newString: "2" }, ["/p/a.ts"]],
  ["write", { filePath: "/p/a.ts", content: "1" }, ["/p/a.ts"]],
  ["apply_patch", { patchText: patch }, ["a.ts", "b.ts"]],
  ["read", { filePath: "/p/a.ts" }, undefined],
] as const)("OpenCode: %s", (name, args, files) => {
  expect(opencode(name, args)?.tool?.files as unknown).toEqual(files);
});

const qwen = (tool_name: string, tool_input: object) =>
  qwenHooks.read({ hook_event_name: "PostToolUse", tool_name, tool_input, tool_use_id: "c-1" });
test.each([
  ["edit", { file_path: "/p/a.ts", old_string: "1", new_string: "2" }, ["/p/a.ts"]],
  ["write_file", { file_path: "/p/a.ts", content: "1" }, ["/p/a.ts"]],
  ["read_file", { file_path: "/p/a.ts" }, undefined],
] as const)("Qwen Code: %s", (name, input, files) => {
  expect(qwen(name, input)?.tool?.files as unknown).toEqual(files);
});

const copilot = (toolName: string, toolArgs: unknown) =>
  copilotHooks.read({ hook_event_name: "postToolUse", sessionId: "s", toolName, toolArgs });
test.each([
  ["edit", { path: "/p/a.ts", old_str: "1", new_str: "2" }, ["/p/a.ts"]],
  ["create", { path: "/p/a.ts", file_text: "1" }, ["/p/a.ts"]],
  ["apply_patch", patch, ["a.ts", "b.ts"]],
  ["view", { path: "/p/a.ts" }, undefined],
] as const)("Copilot CLI: %s", (name, args, files) => {
  expect(copilot(name, args)?.tool?.files as unknown).toEqual(files);
});

test("an agent that speaks ACP: what it calls an edit, a deletion or a move, with the places, the diff and the input that it tells of", () => {
  const row = { toolNameOf: () => undefined };
  const said = (more: object) => ({ toolCallId: "t1", content: [], _meta: {}, ...more }) as AcpCall;
  const started = readCall(
    said({ title: "Edit a.ts", kind: "edit", rawInput: { path: "a.ts" } }),
    undefined,
    row,
  );
  expect(callHook("tool_start", started).tool?.files).toEqual(["a.ts"]);
  const content = [{ type: "diff", path: "/p/a.ts", newText: "2" }];
  const ended = readCall(
    said({ status: "completed", content, locations: [{ path: "/p/b.ts" }] }),
    started,
    row,
  );
  expect(callHook("tool_end", ended).tool?.files).toEqual(["a.ts", "/p/b.ts", "/p/a.ts"]);
  const read = readCall(said({ kind: "read", locations: [{ path: "/p/a.ts" }] }), undefined, row);
  expect(callHook("tool_end", read).tool?.files).toBeUndefined();
});
