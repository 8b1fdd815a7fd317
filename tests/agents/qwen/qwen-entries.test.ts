// Lines of a record in the form of Qwen Code 0.24.4.
import { expect, test } from "bun:test";
import { readRecordEntries } from "../../../src/agents/qwen/qwen-entries.ts";

const at = "2026-11-28T17:14:24.396Z";
const line = (type: string, parts: readonly object[]) => ({
  ...{ uuid: "u", type, timestamp: at, message: { role: "user", parts } },
});

test("readRecordEntries() reads prompts, answers, thoughts, calls and their results", () => {
  expect(readRecordEntries(line("user", [{ text: "dig" }]))).toEqual([
    { id: "u-0", kind: "prompt", text: "dig", at },
  ]);
  const call = { functionCall: { id: "c1", name: "run_shell_command", args: { command: "ls" } } };
  expect(
    readRecordEntries(line("assistant", [{ text: "Hm.", thought: true }, { text: "I look." }, call])),
  ).toMatchObject([
    { kind: "thinking", text: "Hm." },
    { kind: "answer", text: "I look." },
    { kind: "tool_call", tool: "run_shell_command", toolUseId: "c1", title: "ls" },
  ]);
  const result = (response: object) => ({ functionResponse: { id: "c1", name: "x", response } });
  expect(
    readRecordEntries(line("tool_result", [result({ output: "a.txt" }), result({ error: "no" })])),
  ).toMatchObject([
    { kind: "tool_result", text: "a.txt", toolUseId: "c1", isError: false },
    { kind: "tool_result", text: "no", isError: true },
  ]);
  for (const other of [line("system", [{ text: "x" }]), { type: "user" }, "user"])
    expect(readRecordEntries(other)).toEqual([]);
});
