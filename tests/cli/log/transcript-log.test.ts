import { expect, test } from "bun:test";
import { transcriptLine } from "../../../src/cli/log/transcript-log.ts";

const at = "2026-01-01T10:00:00.000Z";
const entry = (kind: string, more: object = {}) => ({ seq: 1, at, entry_id: "e", kind, text: "", ...more });

test("transcriptLine() has what was said in full, a call on one line, and of its result the first line", () => {
  expect(transcriptLine(entry("prompt", { text: "dig\ndeep" }))).toEqual({
    at,
    kind: "prompt",
    text: "dig\ndeep",
  });
  expect(transcriptLine(entry("tool_call", { tool: "Bash", title: "ls", text: "{}" }))).toEqual({
    ...{ at, kind: "tool call", what: "Bash", text: "ls" },
  });
  expect(transcriptLine(entry("tool_result", { text: "a\nb\nc" }))).toEqual({
    ...{ at, kind: "tool result", text: "a (and 2 more lines)" },
  });
  expect(transcriptLine(entry("tool_result", { text: "exit code 1", is_error: true }))).toEqual({
    ...{ at, kind: "failed", text: "exit code 1" },
  });
  expect(transcriptLine(entry("answer", { text: "long", cut: 7 })).text).toBe(
    "long\n(7 more characters were left out)",
  );
});
