import { describe, expect, test } from "bun:test";
import { foldCalls } from "../../../../src/domain/fleet/shown/fold-calls.ts";

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000Z`;
const call = (second: number, kind: string, tool: string, more: object = {}) => ({
  ...{ at: at(second), kind, text: tool },
  call: { tool, ...more },
});
const other = (second: number, kind: string, text = "") => ({ at: at(second), kind, text });

describe("foldCalls()", () => {
  test("makes one line of the start and the end of a call, with its argument and how long it took", () => {
    const lines = foldCalls([
      call(1, "tool_start", "Bash", { id: "u1", detail: "ls" }),
      call(2, "tool_start", "Read", { id: "u2", detail: "a.txt" }),
      call(4, "tool_end", "Bash", { id: "u1", detail: "ls" }),
    ]);
    expect(lines).toEqual([
      { at: at(1), kind: "call", tool: "Bash", text: "ls", outcome: "done", ended_at: at(4) },
      { at: at(2), kind: "call", tool: "Read", text: "a.txt", outcome: "running" },
    ]);
  });

  test("a call that fails, or is refused, says why; also if its start is not known", () => {
    const lines = foldCalls([
      call(1, "tool_start", "Bash", { id: "u1", detail: "make" }),
      call(2, "tool_failed", "Bash", { id: "u1", detail: "exit code 2" }),
      call(3, "tool_start_refused", "Write", { detail: "the agent is paused" }),
    ]);
    expect(lines).toMatchObject([
      { tool: "Bash", text: "make", outcome: "failed", why: "exit code 2" },
      { tool: "Write", text: "", outcome: "refused", why: "the agent is paused", ended_at: at(3) },
    ]);
  });

  test("without ids the last call of the tool that runs is the one that ends, in its own subagent", () => {
    const lines = foldCalls([
      call(1, "tool_start", "Bash", { detail: "one" }),
      call(2, "tool_start", "Bash", { detail: "two", subagent: "s1" }),
      call(3, "tool_end", "Bash"),
    ]);
    expect(lines.map(({ text, outcome }) => [text, outcome])).toEqual([
      ["one", "done"],
      ["two", "running"],
    ]);
  });

  test("the end of the turn cuts off what the session itself still ran; usage and receipts are no lines", () => {
    const lines = foldCalls([
      call(1, "tool_start", "Bash", { detail: "sleep" }),
      call(2, "tool_start", "Bash", { detail: "dig", subagent: "s1" }),
      other(3, "usage"),
      other(3, "receipt", "seen t1"),
      other(4, "turn_end"),
    ]);
    expect(lines.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ["call", "cut off"],
      ["call", "running"],
      ["turn_end", undefined],
    ]);
  });

  test.each(["crashed: its host has ended without a word (SIGKILL)", "stopped", "ended: its work is done"])(
    "an agent that is %s runs nothing any more, not in a subagent either",
    (words) => {
      const lines = foldCalls([
        call(1, "tool_start", "Bash", { detail: "sleep" }),
        call(2, "tool_start", "Bash", { detail: "dig", subagent: "s1" }),
        other(3, "status", words),
      ]);
      expect(lines.map(({ outcome, ended_at }) => [outcome, ended_at])).toEqual([
        ["cut off", at(3)],
        ["cut off", at(3)],
        [undefined, undefined],
      ]);
    },
  );

  test("an agent that reports a status of its work may still run a tool", () => {
    const [line] = foldCalls([
      call(1, "tool_start", "Bash", { detail: "sleep" }),
      other(2, "status", "working: stopped for a moment"),
    ]);
    expect(line?.outcome).toBe("running");
  });
});
