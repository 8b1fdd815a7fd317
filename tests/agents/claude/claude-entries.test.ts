// Lines of a record of Claude Code 2.1.330.
import { describe, expect, test } from "bun:test";
import { readRecordEntries } from "../../../src/agents/claude/claude-entries.ts";

const timestamp = "2026-11-29T12:00:00.000Z";
const line = (type: string, fields: object) => ({ type, uuid: "u", timestamp, sessionId: "s", ...fields });

describe("readRecordEntries()", () => {
  test("a prompt, also one that came in the middle of a turn; with its images", () => {
    expect(readRecordEntries(line("user", { message: { role: "user", content: "dig" } }))).toEqual([
      { id: "u", kind: "prompt", text: "dig", at: timestamp },
    ]);
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } };
    const content = [{ type: "text", text: "look" }, image];
    expect(readRecordEntries(line("user", { message: { content } }))).toEqual([
      { id: "u-0", kind: "prompt", text: "look", at: timestamp, images: ["image/png, 1 KB"] },
    ]);
    const attachment = { type: "queued_command", prompt: "stop" };
    expect(readRecordEntries(line("attachment", { attachment }))).toMatchObject([
      { kind: "prompt", text: "stop" },
    ]);
  });

  test("an answer with what the model thought, and its calls, each with an id of its own", () => {
    const content = [
      { type: "thinking", thinking: "Where is it?", signature: "x" },
      { type: "text", text: "I look." },
      { type: "tool_use", id: "toolu_1", name: "Bash", input: { command: "ls" } },
    ];
    expect(readRecordEntries(line("assistant", { message: { content } }))).toMatchObject([
      { id: "u-0", kind: "thinking", text: "Where is it?" },
      { id: "u-1", kind: "answer", text: "I look." },
      { id: "u-2", kind: "tool_call", tool: "Bash", toolUseId: "toolu_1", title: "ls" },
    ]);
  });

  test("the result of a call, also of one that has failed", () => {
    const content = [
      { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "a.txt" }] },
      { type: "tool_result", tool_use_id: "toolu_2", content: "exit code 1", is_error: true },
    ];
    expect(readRecordEntries(line("user", { message: { content } }))).toMatchObject([
      { kind: "tool_result", text: "a.txt", toolUseId: "toolu_1", isError: false },
      { kind: "tool_result", text: "exit code 1", toolUseId: "toolu_2", isError: true },
    ]);
  });

  test("what the CLI adds is a note: a summary, the mark of a compaction, an error of the model's service", () => {
    const summary = { isCompactSummary: true, message: { content: "So far: …" } };
    expect(readRecordEntries(line("user", summary))).toMatchObject([{ kind: "note", text: "So far: …" }]);
    const mark = { subtype: "compact_boundary", content: "Conversation compacted" };
    expect(readRecordEntries(line("system", mark))).toMatchObject([{ kind: "note" }]);
    const failed = { isApiErrorMessage: true, message: { content: [{ type: "text", text: "401" }] } };
    expect(readRecordEntries(line("assistant", failed))).toMatchObject([
      { kind: "note", text: "401", isError: true },
    ]);
  });

  test("other lines are no entries: of a subagent, the CLI's own, without an id, or of another form", () => {
    const message = { content: "x" };
    expect(readRecordEntries(line("user", { message, isSidechain: true }))).toEqual([]);
    expect(readRecordEntries(line("user", { message, isMeta: true }))).toEqual([]);
    expect(readRecordEntries(line("system", { subtype: "turn_duration" }))).toEqual([]);
    expect(readRecordEntries(line("attachment", { attachment: { type: "file" } }))).toEqual([]);
    for (const other of [{ type: "user", message }, "user", null, 7, line("user", { message: 7 })])
      expect(readRecordEntries(other)).toEqual([]);
  });
});
