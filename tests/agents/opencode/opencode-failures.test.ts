// Why a turn of OpenCode failed, in the words and the kind that a person gets.
import { describe, expect, test } from "bun:test";
import type { OpencodeFailure } from "../../../src/agents/opencode/opencode-events.ts";
import {
  describeFailure,
  describeRetry,
  limitResetMs,
} from "../../../src/agents/opencode/opencode-failures.ts";

test.each([
  ["ProviderAuthError", {}, "authentication", "ProviderAuthError"],
  ["ContextOverflowError", { message: "too long" }, "context", "too long"],
  ["APIError", { statusCode: 401, message: "wrong key" }, "authentication", "401 wrong key"],
  ["APIError", { statusCode: 529, message: "529 overloaded" }, "overloaded", "529 overloaded"],
  ["APIError", { statusCode: 500, message: "broken" }, "server", "500 broken"],
  ["", {}, "other", "its turn has failed"],
] as const)("describeFailure() of %p with %p is %p: %p", (name, data, error, text) => {
  expect(describeFailure({ name, data })).toEqual({ error, text });
});

test("limitResetMs() is by the header Retry-After, or else by the answer's words; only of a limit", () => {
  const now = new Date("2026-11-30T14:05:00.000Z");
  const of = (data: OpencodeFailure["data"]) => limitResetMs({ name: "APIError", data }, now);
  const in30 = now.getTime() + 30_000;
  expect(of({ statusCode: 429, responseHeaders: { "Retry-After": "30" } })).toBe(in30);
  expect(of({ statusCode: 429, responseBody: '{"error":"try again in 30s"}' })).toBe(in30);
  expect(of({ statusCode: 529, responseHeaders: { "retry-after": "30" } })).toBeUndefined();
  expect(of({ statusCode: 429, message: "slow down" })).toBeUndefined();
});

describe("describeRetry()", () => {
  const nowMs = Date.parse("2026-11-30T14:05:00Z");
  const retry = (message: string, inS: number) =>
    describeRetry(3, message, nowMs + inS * 1_000, new Date(nowMs));

  test("says which try it is, and why", () => {
    expect(retry("Overloaded", 2)).toEqual({ detail: "attempt 3: Overloaded", error: "overloaded" });
  });

  test("tells the end of a limit if the next try is later than OpenCode would wait by itself", () => {
    const words = "Too Many Requests";
    expect(retry(words, 120)).toMatchObject({
      error: "usage_limit",
      limit_resets_at: "2026-11-30T14:07:00.000Z",
    });
    expect(retry(words, 30)).toEqual({ detail: `attempt 3: ${words}`, error: "usage_limit" });
    expect(retry("Overloaded", 120)).not.toHaveProperty("limit_resets_at");
  });
});
