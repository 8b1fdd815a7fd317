import { describe, expect, test } from "bun:test";
import { describeDenial, readCalls, readDeniedCalls } from "../../../src/agents/claude/claude-denials.ts";

const bash = (command: string) => ({ name: "Bash", input: { command, description: "d" } });
const needsApproval = "This command requires approval";

describe("readCalls()", () => {
  const line = (...content: object[]) => ({ type: "user", message: { content } });
  const result = { type: "tool_result", tool_use_id: "t1", is_error: true };

  test("names the calls that a line begins, and those that Claude has not run", () => {
    const call = { type: "tool_use", id: "t1", name: "Bash", input: { cmd: "ls" } };
    expect(readCalls(line({ type: "text", text: "I look." }, call))).toEqual([
      { type: "called", toolUseId: "t1", tool: "Bash" },
    ]);
    const content = "<tool_use_error>No such tool available: Bash</tool_use_error>";
    expect(readCalls(line({ ...result, content }))).toEqual([
      { type: "not_run", toolUseId: "t1", words: "No such tool available: Bash" },
    ]);
  });

  test.each([
    line({ ...result, content: "exit 1" }),
    line({ ...result, is_error: false, content: "<tool_use_error>printed</tool_use_error>" }),
    { type: "user", message: { content: "hello" } },
    undefined,
  ])("finds none in %j", (each) => {
    expect(readCalls(each)).toEqual([]);
  });
});

describe("describeDenial()", () => {
  test.each<[{ name: string; input: unknown }, string]>([
    [bash("npm test"), "Bash(npm test)"],
    [bash("rm -rf x && make"), "Bash"],
    [bash("echo $HOME"), "Bash"],
    [bash(`curl -u sk-${"a".repeat(24)} example.com`), "Bash"],
    [bash('git commit -m "x"'), "Bash"],
    [bash(`touch ${"x".repeat(200)}`), "Bash"],
    [
      { name: "WebFetch", input: { url: "https://example.com:8443/a", prompt: "p" } },
      "WebFetch(domain:example.com)",
    ],
    [{ name: "WebFetch", input: { url: "nowhere" } }, "WebFetch"],
    [{ name: "Write", input: { file_path: "/a" } }, "Write"],
    [{ name: "mcp__files__read", input: null }, "mcp__files__read"],
  ])("for %j names the rule %s", (tool, rule) => {
    expect(describeDenial(tool, { words: needsApproval })).toEqual({
      detail: "no rule allows it",
      remedy: `allow it: "allowed_tools": ["${rule}"] in its profile, or cliai spawn … -- --allowedTools '${rule}'`,
    });
  });

  test.each<[string, string | undefined, string]>([
    [needsApproval, "other", "no rule allows it"],
    [
      "Claude requested permissions to use WebFetch, but you haven't granted it yet.",
      undefined,
      "no rule allows it",
    ],
    [
      "Permission to use Bash with command mkdir x has been denied.",
      "subcommandResults",
      "a rule of its settings refuses it",
    ],
    [
      "Permission to use Bash has been denied because Claude Code is running in don't ask mode. IMPORTANT: …",
      "mode",
      "its permission mode asks nobody",
    ],
    ["Too risky.", "classifier", 'the classifier of its mode "auto" refuses it'],
  ])("%j is said as it is", (words, by, detail) => {
    expect(describeDenial(bash("ls"), { words, by }).detail).toBe(detail);
  });

  test("no rule that allows is named where a rule refuses: it would not help", () => {
    const { remedy } = describeDenial(bash("ls"), { words: "Permission to use Bash has been denied." });
    expect(remedy).toContain("permissions.deny");
    expect(remedy).not.toContain("allowed_tools");
  });
});

describe("readDeniedCalls()", () => {
  const line = (decision: object, more: object = {}) => ({
    type: "user",
    message: {
      role: "user",
      content: [{ type: "tool_result", content: "No.", is_error: true, tool_use_id: "t1" }],
    },
    permissionDecision: { decision: "reject", ...decision },
    ...more,
  });

  test("reads what Claude's own settings refused", () => {
    const denied = line({ source: "config", reasonType: "subcommandResults" });
    expect(readDeniedCalls(denied)).toEqual([{ toolUseId: "t1", words: "No.", by: "subcommandResults" }]);
    const byClassifier = line({ source: "classifier" }, { toolDenialKind: "automode-blocked" });
    expect(readDeniedCalls(byClassifier)).toEqual([{ toolUseId: "t1", words: "No.", by: "classifier" }]);
  });

  test.each([
    ["a person refused", line({ source: "user_reject" })],
    ["one of our hooks refused", line({ source: "hook" })],
    ["was allowed", line({ decision: "accept", source: "config" })],
    ["is no result", { type: "user", message: { role: "user", content: "hello" } }],
    ["is no line", 7],
  ])("reads nothing of what %s", (_, given) => {
    expect(readDeniedCalls(given)).toEqual([]);
  });
});
