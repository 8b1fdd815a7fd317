import { describe, expect, test } from "bun:test";
import { callHook, type ToolCall } from "../../../src/agents/acp/acp-tools.ts";

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
