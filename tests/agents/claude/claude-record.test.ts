// Lines of records as Claude Code 2.1.330 writes them.
import { expect, test } from "bun:test";
import {
  readInterruption,
  readToolResults,
  subagentRecord,
} from "../../../src/agents/claude/claude-record.ts";

const common = { isSidechain: false, promptId: "p-1", sessionId: "s-1", version: "2.1.330" };
const said = (text: string) => ({ role: "user", content: [{ type: "text", text }] });

test("readInterruption() knows what Claude writes when its user breaks a turn off, and of which prompt", () => {
  for (const text of ["[Request interrupted by user]", "[Request interrupted by user for tool use]"]) {
    expect(readInterruption({ ...common, type: "user", message: said(text) })).toEqual({ promptId: "p-1" });
  }
});

test("readInterruption() takes nobody else's words for it", () => {
  const text = "[Request interrupted by user]";
  const line = { ...common, type: "user", message: said(text) };
  const others: unknown[] = [
    { ...line, message: { role: "user", content: text } },
    { ...line, origin: { kind: "human" } },
    { ...line, promptSource: "typed" },
    { ...line, isSidechain: true },
    { ...line, promptId: undefined },
    { ...line, type: "assistant" },
    { ...line, message: said(`Look: ${text}`) },
    { ...line, message: { role: "user", content: [...said(text).content, { type: "text", text: "more" }] } },
    { ...line, message: { content: [{ type: "tool_result", content: text }] } },
    text,
    null,
  ];
  for (const other of others) expect([other, readInterruption(other)]).toEqual([other, undefined]);
});

test("readToolResults() names the calls whose results a line has", () => {
  const content = [
    { type: "tool_result", tool_use_id: "toolu_1", is_error: true, content: "rejected" },
    { type: "text", text: "and more" },
    { type: "tool_result", tool_use_id: "toolu_2", content: [] },
  ];
  const line = { ...common, type: "user", message: { role: "user", content } };
  expect(readToolResults(line)).toEqual(["toolu_1", "toolu_2"]);
  expect(readToolResults({ ...line, type: "assistant" })).toEqual([]);
  expect(readToolResults({ ...line, message: { content: "toolu_1" } })).toEqual([]);
});

test("subagentRecord() is beside the session's, and nowhere else", () => {
  expect(subagentRecord("/p/s-1.jsonl", "a1")).toBe("/p/s-1/subagents/agent-a1.jsonl");
  expect(subagentRecord("/p/s-1.jsonl", "../a1")).toBeUndefined();
  expect(subagentRecord(undefined, "a1")).toBeUndefined();
});
