// Lines of the record of Copilot CLI 1.0.102, in the form in which it wrote them.
import { describe, expect, test } from "bun:test";
import { readRecordedRequest, readRecordLine } from "../../../src/agents/copilot/copilot-record.ts";

const timestamp = "2026-11-29T14:15:31.381Z";
const line = (type: string, data: object, more: object = {}) => ({
  ...{ type, data, id: "e-1", timestamp, parentId: null },
  ...more,
});
const prompt = { content: "[cliai task t-1] dig", transformedContent: "…", delivery: "idle" };

describe("readRecordLine()", () => {
  test("a prompt is in the conversation, and an answer of the model is one, with its words", () => {
    expect(readRecordLine(line("user.message", prompt))).toMatchObject([
      { type: "taken", text: expect.stringContaining("[cliai task t-1]"), at: timestamp },
    ]);
    const answer = { content: "Done.", toolRequests: [] };
    expect(readRecordLine(line("assistant.message", answer))).toEqual([
      { type: "answer", words: "Done.", at: timestamp },
    ]);
    const called = { content: "", toolRequests: [{ name: "bash" }] };
    expect(readRecordLine(line("assistant.message", called))).toMatchObject([{ callsTool: true }]);
  });

  test("a turn is over when no hook has kept it going", () => {
    const end = (output?: object, hookType = "agentStop") =>
      readRecordLine(line("hook.end", { hookType, success: true, output }));
    expect(end()).toEqual([{ type: "turn_end", at: timestamp }]);
    expect(end({ decision: "allow" })).toHaveLength(1);
    expect(end({ decision: "block", reason: "go on" })).toEqual([]);
    expect(end(undefined, "preToolUse")).toEqual([]);
  });

  test("words that hooks add to a tool's result are in the conversation, unless their end was cut off", () => {
    const added = (additionalContext: string, hookType: string) =>
      readRecordLine(line("hook.end", { hookType, success: true, output: { additionalContext } }));
    for (const hookType of ["postToolUse", "postToolUseFailure"])
      expect(added("[cliai task t-1] dig", hookType)).toEqual([
        { type: "taken", text: "[cliai task t-1] dig", at: timestamp },
      ]);
    const longest = "x".repeat(10_239);
    expect(added(longest, "postToolUse")).toHaveLength(1);
    expect(added(`${longest}x`, "postToolUse")).toEqual([]);
    for (const other of ["userPromptSubmitted", "sessionStart"])
      expect(added("[cliai task t-1] dig", other)).toEqual([]);
  });

  test.each([
    [{ errorType: "authentication", statusCode: 401 }, "authentication"],
    [{ errorType: "rate_limit", statusCode: 429 }, "usage_limit"],
    [{ errorType: "context_limit" }, "context"],
    [{ errorType: "query", statusCode: 429 }, "usage_limit"],
    [{ errorType: "query", statusCode: 529 }, "overloaded"],
    [{ errorType: "query", statusCode: 500 }, "server"],
    [{ errorType: "query", statusCode: 400 }, "other"],
    [
      { errorType: "query", statusCode: 400, message: "400 maximum context length is 131072 tokens" },
      "context",
    ],
  ])("an error %j ends the turn as %s", (data, error) => {
    const failed = readRecordLine(line("session.error", { message: "Not now", ...data }));
    expect(failed).toMatchObject([{ type: "turn_failed", error, at: timestamp }]);
  });

  test("an error is told in Copilot's words", () => {
    const failed = readRecordLine(line("session.error", { errorType: "query", message: "400 bad request" }));
    expect(failed).toMatchObject([{ type: "turn_failed", detail: "400 bad request" }]);
  });

  test("what its user breaks off is interrupted; a subagent's lines, others, and what is no line show nothing", () => {
    expect(readRecordLine(line("abort", { reason: "user_initiated" }))).toEqual([
      { type: "interrupted", at: timestamp },
    ]);
    for (const type of ["user.message", "assistant.message", "hook.end", "session.error", "abort"])
      expect(readRecordLine(line(type, { ...prompt, hookType: "agentStop" }, { agentId: "a-1" }))).toEqual(
        [],
      );
    for (const other of [
      line("assistant.turn_end", {}),
      line("system.message", prompt),
      "user.message",
      null,
    ])
      expect(readRecordLine(other)).toEqual([]);
  });
});

describe("readRecordedRequest()", () => {
  const usage = { model: "model-1", inputTokens: 1_000, outputTokens: 50, maxPromptTokens: 128_000, cost: 0 };

  test("each request tells what it has used, under the id of the line", () => {
    expect(readRecordedRequest(line("session.usage_record", { usage }))).toEqual({
      ...{ id: "e-1", model: "model-1", tokens: 1_050, context_tokens: 1_000, context_window: 128_000 },
      isConversation: true,
    });
  });

  test("a subagent's request is not of the conversation; without figures there is no request", () => {
    expect(readRecordedRequest(line("session.usage_record", { usage }, { agentId: "a-1" }))).toEqual({
      ...{ id: "e-1", model: "model-1", tokens: 1_050, isConversation: false },
    });
    expect(readRecordedRequest(line("session.usage_record", {}))).toBeUndefined();
    expect(readRecordedRequest(line("assistant.message", { usage }))).toBeUndefined();
  });
});
