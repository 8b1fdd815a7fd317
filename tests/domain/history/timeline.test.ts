import { describe, expect, test } from "bun:test";
import type { AnyRecord } from "../../../src/domain/history/record-line.ts";
import { createCallFolder } from "../../../src/domain/history/timeline.ts";

const startMs = Date.parse("2026-11-29T10:00:00Z");
const record = (seq: number, subject: string, message: object): AnyRecord => ({
  ...{ seq, at: new Date(startMs + seq * 1_000).toISOString(), subject, message },
});
const event = (seq: number, message: object, agent = "ada") => record(seq, `agent.${agent}.event`, message);
const fold = (...records: AnyRecord[]) => {
  const folder = createCallFolder();
  for (const each of records) folder.add(each);
  return folder;
};

describe("createCallFolder()", () => {
  test("makes one line of a call: its tool, its argument, its duration", () => {
    const { lines } = fold(
      event(1, { kind: "tool_start", tool: "Bash", detail: "npm test", tool_use_id: "t1" }),
      event(2, { kind: "tool_start", tool: "Read", detail: "a.ts", tool_use_id: "t2" }),
      event(3, { kind: "tool_end", tool: "Read", tool_use_id: "t2" }),
      event(9, { kind: "tool_end", tool: "Bash", tool_use_id: "t1" }),
    ).result();
    expect(lines.map(({ what, text, took_ms }) => [what, text, took_ms])).toEqual([
      ["Read", "a.ts", 1_000],
      ["Bash", "npm test", 8_000],
    ]);
  });

  test("marks a failed call, and says why", () => {
    const { lines } = fold(
      event(1, { kind: "tool_start", tool: "Bash", detail: "npm test", tool_use_id: "t1" }),
      event(2, { kind: "tool_failed", tool: "Bash", detail: "exit code 1", tool_use_id: "t1" }),
    ).result();
    expect(lines).toEqual([
      {
        seq: 1,
        at: "2026-11-29T10:00:01.000Z",
        agent_id: "ada",
        kind: "call",
        what: "Bash",
        text: "npm test → exit code 1",
        is_failure: true,
        took_ms: 1_000,
        end_seq: 2,
      },
    ]);
  });

  test("keeps the calls of two agents apart, also without ids, and ends them in their order", () => {
    const { lines, open } = fold(
      event(1, { kind: "tool_start", tool: "Bash", detail: "one" }),
      event(2, { kind: "tool_start", tool: "Bash", detail: "two" }),
      event(3, { kind: "tool_start", tool: "Bash", detail: "his" }, "bob"),
      event(5, { kind: "tool_end", tool: "Bash" }),
    ).result();
    expect(lines.map(({ text, took_ms }) => [text, took_ms])).toEqual([
      ["his", undefined],
      ["two", undefined],
      ["one", 4_000],
    ]);
    expect(open.map(({ text }) => text)).toEqual(["two", "his"]);
  });

  test("takes the end of a call from records after the page, and each end once", () => {
    const folder = fold(
      event(1, { kind: "tool_start", tool: "Bash", detail: "one" }),
      event(2, { kind: "tool_start", tool: "Bash", detail: "two" }),
      event(3, { kind: "tool_end", tool: "Bash" }),
    );
    expect(folder.addEnd(event(3, { kind: "tool_end", tool: "Bash" }))).toBe(true);
    expect(folder.addEnd(event(7, { kind: "tool_end", tool: "Bash" }))).toBe(false);
    expect(folder.result().lines.map(({ text, took_ms }) => [text, took_ms])).toEqual([
      ["two", 5_000],
      ["one", 2_000],
    ]);
  });

  test("gives an end without its call the argument of the beginning that is found later", () => {
    const folder = fold(
      event(5, { kind: "tool_failed", tool: "Bash", detail: "no such file", tool_use_id: "t1" }),
    );
    expect(folder.result().orphans).toHaveLength(1);
    folder.addStart(event(2, { kind: "tool_start", tool: "Bash", detail: "cat x", tool_use_id: "t1" }));
    expect(folder.result().lines).toMatchObject([
      { seq: 5, text: "cat x → no such file", took_ms: 3_000, is_failure: true },
    ]);
    expect(folder.result().orphans).toEqual([]);
  });

  test("shows a call of cliai's own tool once, with or without the CLI's event", () => {
    const own = { tool: "ask_human", arguments: { question: "which?" }, success: true, took_ms: 500 };
    const told = fold(
      event(1, { kind: "tool_start", tool: "mcp__cliai__ask_human", detail: "which?", tool_use_id: "t1" }),
      record(2, "audit.tools.ada", own),
    ).result();
    expect(told.lines.map(({ what, text }) => [what, text])).toEqual([["ask_human", "which?"]]);
    const alone = fold(record(2, "audit.tools.ada", { ...own, success: false, error: "nobody" })).result();
    expect(alone.lines).toMatchObject([
      {
        kind: "call",
        what: "ask_human",
        text: '{"question":"which?"} → nobody',
        is_failure: true,
        took_ms: 500,
      },
    ]);
  });

  test.each([
    [
      "agent.ada.status",
      { status: "error", message: "stuck" },
      { kind: "status", what: "error", text: "stuck", is_failure: true },
    ],
    [
      "agent.ada.command",
      { type: "task", from: "mia", payload: { text: "do it" } },
      { kind: "task", from: "mia", text: "do it" },
    ],
    [
      "agent.ada.command",
      { type: "stop", from: "mia", payload: { force: true } },
      { kind: "stop", from: "mia", text: "by force" },
    ],
    [
      "agent.ada.command",
      { type: "stop", from: "mia", payload: { reason: "it loops", force: true } },
      { kind: "stop", from: "mia", text: "by force: it loops" },
    ],
    ["agent.ada.message", { from: "bob", text: "hello" }, { kind: "message", from: "bob", text: "hello" }],
    [
      "agent.ada.receipt",
      { state: "injected", route: "hook" },
      { kind: "receipt", what: "injected by hook" },
    ],
    [
      "agent.ada.event",
      { kind: "usage", usage: { tokens_used: 1_200, estimated_cost: 0.5 } },
      { kind: "usage", text: "1.2k tokens · $0.50" },
    ],
    [
      "dashboard.alert",
      { kind: "silent", severity: "warning", agent_id: "ada", message: "ada is silent" },
      { kind: "alert", agent_id: "ada", is_failure: true },
    ],
    [
      "captain.broadcast",
      { from: "cap", text: "all hands" },
      { kind: "broadcast", from: "cap", text: "all hands" },
    ],
    [
      "audit.malformed.ada",
      { subject: "agent.ada.status", error: "not JSON" },
      { kind: "malformed", text: "not JSON", is_failure: true },
    ],
    ["agent.ada.event", "no object", { kind: "event", text: "" }],
  ])("a record on %s is a line", (subject, message, line) => {
    expect(fold(record(1, subject, message as object)).result().lines).toMatchObject([line]);
  });
});
