import { describe, expect, test } from "bun:test";
import type { AcpCall } from "../../../src/agents/acp/acp-messages.ts";
import { callHook, readCall, type ToolCall } from "../../../src/agents/acp/acp-tools.ts";
import { ruleInputOf } from "../../../src/domain/rules/rule-input.ts";

describe("callHook()", () => {
  const call = { id: "c-1", name: "bash", isOwn: false, title: "", input: undefined, subagent: undefined };
  const detailOf = (more: Partial<ToolCall>) => callHook("tool_start", { ...call, ...more }).facts.detail;

  test("says what the call is about: its input, else its title", () => {
    expect(detailOf({ input: { command: "ls" }, title: "List the files" })).toBe("ls");
    expect(detailOf({ title: "List the files" })).toBe("List the files");
    expect(detailOf({})).toBeUndefined();
  });

  test("does not say the tool's name again, which is the title of a call without input", () => {
    expect(detailOf({ name: "cliai-list_agents", title: "cliai-list_agents" })).toBeUndefined();
    const own = { name: "list_agents", isOwn: true, title: "list_agents (cliai MCP Server)" };
    expect(detailOf(own)).toBeUndefined();
  });
});

describe("readCall(), of a call that the agent tells in words", () => {
  const row = { toolNameOf: () => "run_shell_command" };
  const text = (words: string) => ({ type: "content", content: { type: "text", text: words } });
  const diff = (newText: string) => ({ type: "diff", path: "a", newText });
  const inputOf = (content: readonly unknown[], kind = "execute") => {
    const call = { toolCallId: "t1", title: "Run a script", kind, status: "pending", content, _meta: {} };
    return readCall(call as AcpCall, undefined, row).input;
  };
  const ruled = (content: readonly unknown[]) =>
    ruleInputOf({ kind: "permission", tool: "run_shell_command", context: JSON.stringify(inputOf(content)) });

  test("the input has all that it tells", () => {
    expect(inputOf([text("npm test"), text("twice")])).toEqual({
      ...{ command: "Run a script", content: "npm test\ntwice" },
    });
    expect(inputOf([text("why"), diff("1")], "edit")).toEqual({
      ...{ title: "Run a script", content: [text("why"), diff("1")] },
    });
  });

  test("a standing rule tells two calls with the same title apart", () => {
    expect(ruled([text("npm test")])).toBe('{"command":"Run a script","content":"npm test"}');
    expect(ruled([text("rm -r /")])).not.toBe(ruled([text("npm test")]));
    expect(ruled([text("why"), diff("1")])).not.toBe(ruled([text("why"), diff("2")]));
  });
});
