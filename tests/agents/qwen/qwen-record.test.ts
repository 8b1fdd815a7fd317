// Lines of the record of Qwen Code 0.24.4, in the form in which it wrote them.
import { describe, expect, test } from "bun:test";
import { readRecordedRequest, readRecordLine } from "../../../src/agents/qwen/qwen-record.ts";

const at = "2026-11-28T17:14:24.396Z";
const base = { uuid: "u-1", sessionId: "s-1", timestamp: at };
const prompt = { role: "user", parts: [{ text: "[cliai task t-1] dig" }] };
const usageMetadata = { promptTokenCount: 1_000, candidatesTokenCount: 50, totalTokenCount: 1_050 };
const answer = {
  ...{ ...base, type: "assistant", model: "model-1", usageMetadata, contextWindowSize: 200_000 },
  message: { role: "model", parts: [{ text: "done" }] },
};

describe("readRecordLine()", () => {
  test.each<[string, object]>([
    ["a prompt", { ...base, type: "user", message: prompt }],
    [
      "a text that joins a turn",
      { ...base, type: "user", subtype: "mid_turn_user_message", message: prompt },
    ],
    ["a tool's result", { ...base, type: "tool_result", message: prompt }],
  ])("%s is in the conversation", (_, line) => {
    expect(readRecordLine(line)).toEqual([{ type: "taken", text: JSON.stringify(prompt), at }]);
  });

  test("an answer of the model is one; other lines, and what is no line, show nothing", () => {
    expect(readRecordLine(answer)).toEqual([{ type: "answer", at }]);
    expect(readRecordLine({ ...base, type: "system", subtype: "ui_telemetry" })).toEqual([]);
    expect(readRecordLine("user")).toEqual([]);
  });
});

describe("readRecordedRequest()", () => {
  test("an answer tells what its request has used, under the id of the line", () => {
    expect(readRecordedRequest(answer)).toEqual({
      ...{ id: "u-1", model: "model-1", tokens: 1_050, context_tokens: 1_000, context_window: 200_000 },
      isConversation: true,
    });
  });

  test("without a sum the tokens are added up; without figures there is no request", () => {
    const { totalTokenCount: _, ...parts } = usageMetadata;
    expect(readRecordedRequest({ ...answer, usageMetadata: parts })?.tokens).toBe(1_050);
    expect(readRecordedRequest({ ...answer, usageMetadata: undefined })).toBeUndefined();
    expect(readRecordedRequest({ ...base, type: "user", usageMetadata })).toBeUndefined();
  });
});
