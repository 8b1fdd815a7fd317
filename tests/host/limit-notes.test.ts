import { describe, expect, test } from "bun:test";
import type { SessionEvent } from "../../src/host/event-sender.ts";
import { withLimits } from "../../src/host/limit-notes.ts";

const nowMs = Date.parse("2026-11-30T14:05:00Z");

function notes() {
  const sent: SessionEvent[] = [];
  const sender = { send: (event: SessionEvent) => void sent.push(event), stop: () => undefined };
  const events = withLimits(sender, () => new Date(nowMs), "UTC");
  const fails = (more: Partial<SessionEvent>) => {
    events.send({ kind: "turn_failed", error: "usage_limit", ...more });
    return sent.at(-1)?.limit_resets_at;
  };
  return { note: events.noteLimit, fails };
}

describe("withLimits()", () => {
  test("the end of a limit is read from the words of the failure", () => {
    const { fails } = notes();
    expect(fails({ detail: "You've hit your limit · resets 3:30pm" })).toBe("2026-11-30T15:30:00.000Z");
    expect(fails({ detail: "429 Too many requests" })).toBeUndefined();
  });

  test("what the CLI has told by figures goes before its words, until that time has passed", () => {
    const { note, fails } = notes();
    note(nowMs + 60_000);
    expect(fails({ detail: "resets 3:30pm" })).toBe("2026-11-30T14:06:00.000Z");
    note(nowMs - 1);
    expect(fails({ detail: "resets 3:30pm" })).toBe("2026-11-30T15:30:00.000Z");
  });

  test("a request that the CLI makes again at a limit has its end as well", () => {
    const { note, fails } = notes();
    expect(fails({ kind: "retry", detail: "attempt 2: 429, try again in 2m" })).toBe(
      "2026-11-30T14:07:00.000Z",
    );
    note(nowMs + 60_000);
    expect(fails({ kind: "retry", detail: "2/10: 429 rate_limit" })).toBe("2026-11-30T14:06:00.000Z");
    expect(fails({ kind: "retry", error: "overloaded", detail: "529" })).toBeUndefined();
  });

  test("a request that the CLI makes again has none if the limit is over within a minute; a turn that has failed has it", () => {
    const { note, fails } = notes();
    const detail = "429 Rate limit reached. Please try again in 1.898s";
    expect(fails({ kind: "retry", detail })).toBeUndefined();
    expect(fails({ detail })).toBe("2026-11-30T14:05:01.898Z");
    note(nowMs + 59_000);
    expect(fails({ kind: "retry", detail: "429" })).toBeUndefined();
  });

  test("a failure of another kind has none, and one that names an end keeps it", () => {
    const { fails } = notes();
    expect(fails({ error: "overloaded", detail: "529, try again in 20s" })).toBeUndefined();
    const told = "2026-11-30T20:00:00.000Z";
    expect(fails({ detail: "resets 3:30pm", limit_resets_at: told })).toBe(told);
  });
});
