import { describe, expect, test } from "bun:test";
import { describeFailure, failureOf, failureOfStop } from "../../../src/agents/acp/acp-failures.ts";
import { AcpError } from "../../../src/agents/acp/opening/acp-connection.ts";

describe("describeFailure()", () => {
  test.each([
    [
      "Qwen Code",
      new AcpError("Internal error", -32603, { details: "401 No such key" }),
      "authentication",
      "401 No such key",
    ],
    ["Gemini CLI", new AcpError("scripted", 429, undefined), "usage_limit", "429 scripted"],
    [
      "an agent that passes on the answer of its model's server",
      new AcpError('{"error":{"code":401,"message":"No such key"}}', 401, undefined),
      "authentication",
      "401 No such key",
    ],
    [
      "an agent that wants a login",
      new AcpError("Authentication required", -32000, undefined),
      "authentication",
      "Authentication required",
    ],
    ["an agent that has ended", new Error("closed"), "other", "closed"],
  ] as const)("reads the error of %s", (_who, error, word, text) => {
    expect(describeFailure(error)).toEqual({ error: word, text });
  });
});

describe("failureOf()", () => {
  test.each([
    ["503 busy", "overloaded"],
    ["500 oops", "server"],
    ["rate limit reached", "usage_limit"],
    ["This model's maximum context length is 8192 tokens", "context"],
    ["maximum context length is 4096 tokens, and yours has 503 more", "context"],
    ["no idea", "other"],
  ] as const)("%s is %s", (words, error) => {
    expect(failureOf(words)).toEqual({ error, text: words });
  });

  test("has words where the agent has none", () => {
    expect(failureOf(" ").text).toBe("its turn has failed");
  });
});

describe("failureOfStop()", () => {
  test("a turn that its model has ended has not failed", () => {
    expect(failureOfStop("end_turn", "done")).toBeUndefined();
  });

  test.each([
    ["refusal", "I will not.", { error: "refused", text: "I will not." }],
    ["max_tokens", "", { error: "other", text: "the model's answer was cut off at its longest" }],
    ["new_reason", "", { error: "other", text: "its turn has ended: new_reason" }],
  ] as const)("%s", (reason, words, failure) => {
    expect(failureOfStop(reason, words)).toEqual(failure);
  });
});
