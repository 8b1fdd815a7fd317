import { describe, expect, test } from "bun:test";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import {
  covers,
  isSameRule,
  makeRule,
  type RuleScope,
  ruleForNow,
  scopesOf,
  scopeText,
} from "../../../src/domain/rules/standing-rule.ts";
import type { AgentId } from "../../../src/domain/wire/agent-id.ts";
import { errorOf } from "../../support/error-of.ts";

const first_seen = "2026-05-01T08:00:00Z";
const facts = { config_name: "coder", project_path: "/work/shop", host: "mill", first_seen };
const now = new Date("2026-05-03T13:00:00Z");

function asked(input: unknown, more: Partial<AgentRequest> = {}): AgentRequest {
  return {
    ...{ request_id: "q1", agent_id: "ada" as AgentId, run: "run-1", kind: "permission", tool: "Bash" },
    ...{ question: "May it use Bash?", context: typeof input === "string" ? input : JSON.stringify(input) },
    ...{ asked_at: "2026-05-03T12:00:00Z", on_expiry: "refuse", state: "asked" },
    ...more,
  } as AgentRequest;
}
const npmTest = asked({ command: "npm test" });
const approved = { by: "eve", at: "2026-05-03T12:01:00Z", approved: true };

function ruleFor(scope: RuleScope, request = npmTest) {
  const answered = { ...request, state: "answered", answer: approved } as const;
  return makeRule(answered, facts, { rule_id: "r-1", shown: ruleForNow(scope, facts), by: "eve", now });
}

describe("covers()", () => {
  test.each<[string, unknown, Partial<AgentRequest>]>([
    ["a longer command", { command: "npm test; rm -r /" }, {}],
    ["the command as a beginning", { command: "npm test -- --watch" }, {}],
    ["a command with another space", { command: "npm  test" }, {}],
    ["another case", { command: "NPM TEST" }, {}],
    ["a line more", { command: "npm test\nrm -r /" }, {}],
    ["the command as a list", { command: ["npm test"] }, {}],
    ["a field more", { command: "npm test", dangerouslyDisableSandbox: true }, {}],
    ["a field in the background", { command: "npm test", run_in_background: true }, {}],
    ["a description that is no text", { command: "npm test", description: { command: "rm" } }, {}],
    ["another tool", { command: "npm test" }, { tool: "Shell" }],
    ["a tool that its CLI would allow for ever", { command: "npm test" }, { tool: "Bash from now on" }],
    ["a plan", { command: "npm test" }, { plan: true }],
    ["a question", { command: "npm test" }, { kind: "question" }],
    ["no tool", { command: "npm test" }, { tool: undefined }],
    ["words", "npm test", {}],
  ])("does not cover %s", (_what, input, more) => {
    for (const scope of ["session", "agent", "profile"] as const)
      expect(covers(ruleFor(scope), asked(input, more), facts)).toBe(false);
  });

  test("covers the same input with its fields in another order, and a command with other words about it", () => {
    const rule = ruleFor("agent", asked({ command: "npm test", timeout: 5, description: "Run the tests" }));
    const again = asked({ timeout: 5, command: "npm test", description: "Test it all" });
    expect(covers(rule, again, facts)).toBe(true);
    expect(covers(rule, asked({ command: "npm test", timeout: 6 }), facts)).toBe(false);
  });

  test("counts each field of a tool that is no shell, also its description", () => {
    const tool = "mcp__tracker__run";
    const rule = ruleFor("agent", asked({ command: "close", description: "issue 1" }, { tool }));
    expect(covers(rule, asked({ command: "close", description: "issue 1" }, { tool }), facts)).toBe(true);
    expect(covers(rule, asked({ command: "close", description: "issue 2" }, { tool }), facts)).toBe(false);
  });

  const bob = { agent_id: "bob" as AgentId };
  test.each<[RuleScope, Partial<AgentRequest>, Partial<typeof facts>, boolean]>([
    ["session", {}, { project_path: "/work/other" }, true],
    ["session", { run: "run-2" }, {}, false],
    ["session", { run: undefined }, {}, false],
    ["session", bob, {}, false],
    ["agent", { run: "run-2" }, {}, true],
    ["agent", {}, { project_path: "/work/shop/sub" }, false],
    ["agent", {}, { project_path: "unknown" }, false],
    ["agent", bob, {}, false],
    ["agent", {}, { first_seen: "2026-05-02T08:00:00Z" }, false],
    ["session", {}, { first_seen: "2026-05-02T08:00:00Z" }, false],
    ["profile", { ...bob, run: "run-9" }, {}, true],
    ["profile", bob, { config_name: "coder2" }, false],
    ["profile", bob, { project_path: "/work/shop2" }, false],
    ["session", {}, { host: "barn" }, true],
    ["agent", {}, { host: "barn" }, false],
    ["agent", {}, { host: "unknown" }, false],
    ["profile", bob, { host: "barn" }, false],
  ])("with the scope %s and %p, %p: %p", (scope, more, other, isCovered) => {
    const request = asked({ command: "npm test" }, more);
    expect(covers(ruleFor(scope), request, { ...facts, ...other })).toBe(isCovered);
  });
});

test("a stored rule without a machine covers nothing", () => {
  for (const scope of ["agent", "profile"] as const) {
    const { host: _, ...old } = ruleFor(scope);
    expect(covers(ruleFor(scope), npmTest, facts)).toBe(true);
    expect(covers(old, npmTest, facts)).toBe(false);
    expect(covers(old, npmTest, { ...facts, host: undefined })).toBe(false);
    expect(isSameRule(old, ruleFor(scope))).toBe(false);
  }
});

describe("scopesOf()", () => {
  test("offers only what is known of the agent", () => {
    expect(scopesOf(npmTest, facts)).toEqual(["session", "agent", "profile"]);
    expect(scopesOf({ ...npmTest, run: undefined }, {})).toEqual([]);
    expect(scopesOf(npmTest, { ...facts, config_name: "unknown" })).toEqual(["session", "agent"]);
    expect(scopesOf(npmTest, { ...facts, host: undefined })).toEqual(["session"]);
  });

  test.each<[string, object]>([
    ["Bash", {}],
    ["Bash", { description: "Run the tests" }],
    ["Bash", { command: " ", timeout: 5 }],
    ["shell", { command: [], workdir: "/work/shop" }],
    ["read", {}],
    ["read", { filePath: "", edits: [], more: { of: null } }],
    ["apply_patch", { reason: "to write the file" }],
    ["apply_patch", { changes: [], writes_below: "/work" }],
    ["read", { asks_for: "external_directory", patterns: ["/etc/*"], unknown_call: true }],
  ])("offers none for %s with %p, which does not say what the call does", (tool, input) => {
    expect(scopesOf(asked(input, { tool }), facts)).toEqual([]);
    expect(() => ruleFor("session", asked(input, { tool }))).toThrow("no rule");
    const rule = { ...ruleFor("session"), tool, input: JSON.stringify(input) };
    expect(covers(rule, asked(input, { tool }), facts)).toBe(false);
  });

  test("offers them for an input that says it by numbers, switches or lists", () => {
    for (const input of [{ issue: 7 }, { all: false }, { names: ["a"] }])
      expect(scopesOf(asked(input, { tool: "mcp__tracker__close" }), facts)).not.toEqual([]);
    const changes = [{ path: "a", diff: "+1" }];
    expect(scopesOf(asked({ changes }, { tool: "apply_patch" }), facts)).not.toEqual([]);
    expect(scopesOf(asked({ command: ["npm", "test"] }, { tool: "shell" }), facts)).not.toEqual([]);
  });

  test("offers none for a change of a file", () => {
    expect(scopesOf(asked({ file_path: "a", old_string: "1", new_string: "2" }), facts)).toEqual([]);
  });
});

describe("makeRule()", () => {
  test("makes none of a request that nobody has approved, nor for an unknown project", () => {
    const making = { rule_id: "r-1", shown: ruleForNow("agent", facts), by: "eve", now };
    expect(() => makeRule(npmTest, facts, making)).toThrow("is not approved");
    const refused = { ...npmTest, state: "answered", answer: { ...approved, approved: false } } as const;
    expect(() => makeRule(refused, facts, making)).toThrow("is not approved");
    const answered = { ...npmTest, state: "answered", answer: approved } as const;
    const error = errorOf(() => makeRule(answered, {}, making));
    expect(error).toMatchObject({ code: "refused" });
  });

  const answered = { ...npmTest, state: "answered", answer: approved } as const;
  const all = ruleForNow("profile", facts);
  test.each<[Parameters<typeof makeRule>[2]["shown"], string]>([
    [{ ...all, profile: "reader" }, 'the profile of ada is "coder", but "reader" was shown'],
    [{ ...all, project: "/home/shop" }, 'the project of ada is "/work/shop", but "/home/shop" was shown'],
    [{ ...all, host: "barn" }, 'the host of ada is "mill", but "barn" was shown'],
    [{ scope: "profile" }, 'the profile of ada is "coder", but none was shown'],
    [{ scope: "agent" }, 'the project of ada is "/work/shop", but none was shown'],
    [{ scope: "agent", project: "/work/shop" }, 'the host of ada is "mill", but none was shown'],
  ])("makes none for others than were shown: %p", (shown, words) => {
    const making = { rule_id: "r-1", shown, by: "eve", now };
    expect(() => makeRule(answered, facts, making)).toThrow(`no rule is made: ${words}`);
  });

  test("says for whom it counts", () => {
    expect(scopeText(ruleFor("session"))).toBe("ada, until its present run ends");
    expect(scopeText(ruleFor("agent"))).toBe("ada in /work/shop on mill");
    expect(scopeText(ruleFor("profile"))).toBe("all agents of the profile coder in /work/shop on mill");
    expect(isSameRule(ruleFor("agent"), { ...ruleFor("agent"), rule_id: "r-2" })).toBe(true);
    expect(isSameRule(ruleFor("agent"), ruleFor("profile"))).toBe(false);
  });
});
