// What OpenCode asks as the host hears it, and the answers as OpenCode takes them.
import { describe, expect, test } from "bun:test";
import {
  type OpencodePermission,
  type OpencodeQuestion,
  readOpencodeEvent,
} from "../../../src/agents/opencode/opencode-events.ts";
import {
  permissionHook,
  permissionReply,
  questionHook,
  questionReply,
} from "../../../src/agents/opencode/opencode-requests.ts";

function asked(type: "permission.asked", properties: object): OpencodePermission;
function asked(type: "question.asked", properties: object): OpencodeQuestion;
function asked(type: string, properties: object): unknown {
  return readOpencodeEvent({ type, properties: { id: "p1", sessionID: "s1", ...properties } })?.properties;
}
const permission = (fields: object) => asked("permission.asked", { permission: "bash", ...fields });
const nobody = { call: undefined, subagent: undefined };

describe("permissionHook()", () => {
  test("shows the call that waits for it", () => {
    const bash = permission({ patterns: ["make *"], tool: { callID: "c1" } });
    const hook = permissionHook(bash, {
      call: { name: "bash", input: { command: "make" } },
      subagent: undefined,
    });
    expect(hook).toEqual({
      facts: { kind: "permission", tool: "bash", detail: "make", tool_use_id: "c1" },
      tool: { name: "bash", input: { command: "make" }, isOwn: false },
      isSubagent: false,
    });
  });

  test("shows that more is asked for than the tool's name says", () => {
    const outside = permission({ permission: "external_directory", patterns: ["/etc/*"] });
    const hook = permissionHook(outside, {
      call: { name: "read", input: { filePath: "/etc/hosts" } },
      subagent: "s2",
    });
    expect(hook.facts).toMatchObject({ tool: "read", detail: "external_directory: /etc/*", subagent: "s2" });
    expect(hook.tool?.input).toEqual({
      filePath: "/etc/hosts",
      asks_for: "external_directory",
      patterns: ["/etc/*"],
    });
    expect(hook.isSubagent).toBe(true);
  });

  test("of a call that is not known shows what the request tells", () => {
    const told = permissionHook(permission({ metadata: { command: "make" } }), nobody);
    expect([told.facts.tool, told.facts.detail]).toEqual(["bash", "make"]);
    const patterns = ["rm -r /"];
    expect(permissionHook(permission({ metadata: { shell: "sh" }, patterns }), nobody).tool?.input).toEqual({
      ...{ shell: "sh", asks_for: "bash", patterns, unknown_call: true },
    });
    expect(permissionHook(permission({ patterns: ["a", "b"] }), nobody).facts.detail).toBe("a b");
    const own = permissionHook(permission({ permission: "cliai_report_status" }), nobody);
    expect(own.tool?.isOwn).toBe(true);
    expect(permissionHook(permission({ permission: "cliai_rm" }), nobody).tool?.isOwn).toBe(false);
  });
});

test("permissionReply() allows this call alone, and refuses with words, without which the turn would end", () => {
  expect(permissionReply({ type: "permit" })).toEqual({ reply: "once" });
  const refused = { reply: "reject", message: "why" } as const;
  expect(permissionReply({ type: "forbid", reason: "why" })).toEqual(refused);
  expect(permissionReply({ type: "deny", reason: "why" })).toEqual(refused);
  expect(permissionReply({ type: "go" })).toBeUndefined();
});

describe("the questions of OpenCode", () => {
  const colour = { question: "Which?", header: "Colour", options: [{ label: "red", description: "warm" }] };
  const sizes = {
    ...{ question: "Sizes?", multiple: true },
    options: [{ label: "S" }, { label: "M" }, { label: "L, wide" }],
  };
  const request = asked("question.asked", { questions: [colour, sizes], tool: { callID: "c1" } });

  test("come with their choices", () => {
    expect(questionHook(request, undefined)).toMatchObject({
      facts: { kind: "question", detail: "Which? Sizes?", tool_use_id: "c1" },
      tool: {
        questions: [
          { question: "Which?", header: "Colour", choices: [{ label: "red", description: "warm" }] },
          {
            question: "Sizes?",
            choices: [{ label: "S" }, { label: "M" }, { label: "L, wide" }],
            several: true,
          },
        ],
      },
    });
    expect(questionHook(request, undefined).tool?.questions?.[0]).not.toHaveProperty("several");
  });

  test("are answered each with its labels; words that are no labels stay whole", () => {
    const answers = (first: string, second: string) =>
      questionReply(request, { type: "answer", answers: [first, second] });
    expect(answers("red", "S, M")).toEqual([["red"], ["S", "M"]]);
    expect(answers("red, or so", "S, and a coat")).toEqual([["red, or so"], ["S, and a coat"]]);
    expect(answers("red", "L, wide")).toEqual([["red"], ["L, wide"]]);
    expect(questionReply(request, { type: "answer", answers: ["red"] })).toEqual([["red"], [""]]);
  });

  test("are refused with the words, as the answer to each; and left to the terminal if the host decides nothing", () => {
    expect(questionReply(request, { type: "deny", reason: "why" })).toEqual([["why"], ["why"]]);
    expect(questionReply(request, { type: "forbid", reason: "why" })).toEqual([["why"], ["why"]]);
    expect(questionReply(request, { type: "go" })).toBeUndefined();
    expect(questionReply(request, { type: "permit" })).toBeUndefined();
  });
});
