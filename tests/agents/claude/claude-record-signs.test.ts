import { describe, expect, test } from "bun:test";
import { readRecordLine } from "../../../src/agents/claude/claude-record-signs.ts";

const typesOf = (line: unknown) => readRecordLine(line).map(({ type }) => type);
const text = "[cliai task t1] dig";

describe("readRecordLine()", () => {
  test("what is only queued is not in the conversation, what the model was given is, and its answer follows it", () => {
    expect(readRecordLine({ type: "queue-operation", operation: "enqueue", content: text })).toEqual([]);
    const user = {
      type: "user",
      message: { role: "user", content: text },
      timestamp: "2026-11-28T20:00:00Z",
    };
    expect(readRecordLine(user)).toEqual([
      { type: "taken", text: JSON.stringify(user), at: "2026-11-28T20:00:00Z" },
    ]);
    expect(typesOf({ type: "attachment", attachment: { type: "queued_command", prompt: text } })).toEqual([
      "taken",
    ]);
    expect(typesOf({ type: "assistant", message: { model: "claude-opus-5-5" } })).toEqual(["answer"]);
    expect(typesOf({ type: "api-request", querySource: "repl_main_thread" })).toEqual(["answer"]);
    expect(typesOf({ type: "api-request", querySource: "generate_session_title" })).toEqual([]);
    // The CLI's own words about an error, and what a subagent says.
    expect(typesOf({ type: "assistant", message: { model: "<synthetic>" } })).toEqual([]);
    expect(typesOf({ type: "assistant", isSidechain: true, message: { model: "m" } })).toEqual([]);
    expect(typesOf("no line")).toEqual([]);
  });

  test("a prompt that a hook of the user's kept from the model is told with its words, as far as they are there", () => {
    const line = {
      ...{ type: "system", subtype: "informational" },
      content: `UserPromptSubmit operation blocked by hook:\nno\n\nOriginal prompt: ${text}`,
      promptSubmitEnding: { ending: { kind: "blocked_by_hook", reason: "no such words" }, promptKept: false },
    };
    expect(readRecordLine(line)).toEqual([
      { type: "refused", text: line.content, reason: "no such words", at: undefined },
    ]);
  });

  test("a turn is over when its duration stands there, or its stop hooks have let it end: not while one keeps it going", () => {
    const stop = { type: "system", subtype: "stop_hook_summary", hookErrors: [], hookAdditionalContext: [] };
    expect(typesOf(stop)).toEqual(["turn_end"]);
    expect(typesOf({ ...stop, hookErrors: ["carry on"] })).toEqual([]);
    expect(typesOf({ ...stop, hookAdditionalContext: ["think again"] })).toEqual([]);
    expect(typesOf({ type: "system", subtype: "turn_duration", durationMs: 72 })).toEqual(["turn_end"]);
    expect(typesOf({ type: "system", subtype: "api_metrics" })).toEqual([]);
  });

  test("the end of what ran in the background is known by its notification, and not its news", () => {
    const notification = (status: string) => ({
      ...{ type: "queue-operation", operation: "enqueue" },
      content: `<task-notification>\n<task-id>b1</task-id>\n${status}<summary>x</summary>\n</task-notification>`,
    });
    const ended = notification("<status>completed</status>\n");
    expect(readRecordLine(ended)).toEqual([{ type: "background_end", id: "b1", at: undefined }]);
    expect(readRecordLine(notification("<status>running</status>\n"))).toEqual([]);
    expect(readRecordLine(notification(""))).toEqual([]);
  });
});
