import { describe, expect, test } from "bun:test";
import type { Hook } from "../../../src/domain/hook.ts";
import { createToolIds } from "../../../src/host/hear/tool-ids.ts";

type Kind = Hook["facts"]["kind"];

function hook(
  kind: Kind,
  more: { id?: string; input?: unknown; subagent?: string; name?: string } = {},
): Hook {
  const { id, input = { command: "ls" }, subagent, name = "Bash" } = more;
  return {
    facts: { kind, tool: name, tool_use_id: id, subagent },
    tool: { name, input, isOwn: false },
    isSubagent: subagent !== undefined,
  };
}

describe("createToolIds()", () => {
  test("a permission is about the running call of that tool and input", () => {
    const ids = createToolIds();
    ids.note(hook("tool_start", { id: "u1", input: { command: "pwd" } }));
    ids.note(hook("tool_start", { id: "u2" }));
    expect(ids.note(hook("permission")).tool_use_id).toBe("u2");
  });

  test("two calls alike are asked for one after the other; a third question has no call", () => {
    const ids = createToolIds();
    for (const id of ["u1", "u2"]) ids.note(hook("tool_start", { id }));
    const asked = [1, 2, 3].map(() => ids.note(hook("permission")).tool_use_id);
    expect(asked).toEqual(["u1", "u2", undefined]);
  });

  test("a subagent's call is not the session's, though the two are alike", () => {
    const ids = createToolIds();
    ids.note(hook("tool_start", { id: "u1" }));
    expect(ids.note(hook("permission", { subagent: "a1" })).tool_use_id).toBeUndefined();
    ids.note(hook("tool_start", { id: "u2", subagent: "a1" }));
    expect(ids.note(hook("permission", { subagent: "a1" })).tool_use_id).toBe("u2");
  });

  test.each<Kind>(["tool_end", "tool_failed", "tool_denied"])(
    "a call that %s told the end of is over",
    (kind) => {
      const ids = createToolIds();
      ids.note(hook("tool_start", { id: "u1" }));
      ids.note(hook(kind, { id: "u1" }));
      expect(ids.note(hook("question")).tool_use_id).toBeUndefined();
      expect(ids.take("u1")).toBeUndefined();
    },
  );

  test("take() gives the start of a call once", () => {
    const ids = createToolIds();
    const start = hook("tool_start", { id: "u1" });
    ids.note(start);
    expect(ids.take("u1")).toBe(start);
    expect(ids.take("u1")).toBeUndefined();
  });

  test("of calls whose end is never told the last 200 are kept", () => {
    const ids = createToolIds();
    for (let i = 0; i <= 200; i += 1) ids.note(hook("tool_start", { id: `u${i}`, input: i }));
    expect([ids.take("u0"), ids.take("u1")?.facts.tool_use_id]).toEqual([undefined, "u1"]);
  });

  test("leaves the facts of every other hook as they are", () => {
    const ids = createToolIds();
    ids.note(hook("tool_start", { id: "u1" }));
    const prompt: Hook = { facts: { kind: "prompt", detail: "hello" }, isSubagent: false };
    expect(ids.note(prompt)).toBe(prompt.facts);
  });
});
