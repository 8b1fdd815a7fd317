import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isBelieved, readResetMs } from "../../../src/domain/limits/reset-words.ts";

const now = Date.parse("2026-11-30T14:05:00Z");
const zone = "Europe/Berlin";

const read = (words: string) => {
  const ms = readResetMs(words, now, zone);
  return ms === undefined ? "" : new Date(ms).toISOString().slice(0, 19);
};

describe("readResetMs()", () => {
  test.each([
    // Claude Code
    ["You've hit your limit · resets 4pm (Europe/Berlin)", "2026-11-30T15:00:00"],
    ["You've hit your session limit · resets 1:25am (UTC)", "2026-12-01T01:25:00"],
    ["You've hit your weekly limit · resets Dec 3, 9am (America/New_York)", "2026-12-03T14:00:00"],
    ["5-hour limit reached ∙ resets 4pm", "2026-11-30T15:00:00"],
    ["Claude AI usage limit reached|1796052300", "2026-11-30T15:25:00"],
    // Codex
    ["You've hit your usage limit. Upgrade to Pro or try again at 3:30 PM.", "2026-11-30T14:30:00"],
    ["You've hit your usage limit. Try again at Dec 2nd, 2026 9:05 PM.", "2026-12-02T20:05:00"],
    ["You've hit your usage limit. Try again in 1 day 2 hours 5 minutes.", "2026-12-01T16:10:00"],
    ["Rate limit reached for gpt-5 on tokens per min. Please try again in 20s.", "2026-11-30T14:05:20"],
    ['{"type":"usage_limit_reached","resets_in_seconds":7200}', "2026-11-30T16:05:00"],
    // Gemini, and others
    [
      "You have exhausted your capacity on this model. Your quota will reset after 2h3m4s.",
      "2026-11-30T16:08:04",
    ],
    ["Please retry in 34.5s.", "2026-11-30T14:05:34"],
    ['"retryDelay": "90s"', "2026-11-30T14:06:30"],
    ["429 slow down, retry-after: 120", "2026-11-30T14:07:00"],
    ["Your premium requests are used up; the quota resets on December 1, 2026", "2026-11-30T23:00:00"],
    ["the limit resets at 2026-11-30T18:00:00+01:00", "2026-11-30T17:00:00"],
    ["the limit resets at 2026-11-30 18:03:55", "2026-11-30T17:03:00"],
    ["it will reset at 2026-11-30 18:03:55 UTC", "2026-11-30T18:03:00"],
    ["usage limit reached|1796052300000", "2026-11-30T15:25:00"],
    ['{"resets_at":1796052300000}', "2026-11-30T15:25:00"],
    ['{"date":"2026-11-30T14:04:00Z","retry_after":120}', "2026-11-30T14:07:00"],
    ["429: retry after 3600", "2026-11-30T15:05:00"],
    ["resets tomorrow at 3pm", "2026-12-01T14:00:00"],
    ["resets today at 5pm", "2026-11-30T16:00:00"],
    ["resets Thursday 9am", "2026-12-03T08:00:00"],
    // Today is a Monday, and nine has passed.
    ["resets Monday 9am", "2026-12-07T08:00:00"],
    ["resets Mon 5pm", "2026-11-30T16:00:00"],
    ["try again at 16:00", "2026-11-30T15:00:00"],
    ["try again at 3:05 PM", "2026-11-30T14:06:00"],
    ["try again at 2:50 PM", "2026-12-01T13:50:00"],
  ])("%s", (words, at) => {
    expect(read(words)).toBe(at);
  });

  test.each([
    "429 Too many requests",
    "This request would exceed your account's rate limit. Please try again later.",
    "You exceeded your current quota, please check your plan and billing details.",
    "it resets 3 things",
    "try again at 2:58 PM",
    "resets 27:80",
    "the limit resets at 2026-11-30T13:00:00Z",
    "try again in 90 days",
    "prompt is too long: 210000 tokens > 200000 maximum",
  ])("%s: nothing is known", (words) => {
    expect(read(words)).toBe("");
  });

  test("of any words, the time is in the future, and at most 32 days away", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom("resets ", "try again in ", "retry-after: "), (text, lead) => {
        const ms = readResetMs(lead + text, now, zone);
        expect(ms === undefined || isBelieved(ms, now)).toBe(true);
      }),
    );
  });
});
