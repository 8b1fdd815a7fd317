import { expect, test } from "bun:test";
import { holdOf, isPast, isResumedSince, limitRetryOf } from "../../../src/domain/limits/limited-agent.ts";
import { agentAfter, hosted, type Told } from "../fleet/session-events.ts";

const began: Told[] = [
  ["session_start", 1],
  ["prompt", 2],
];
const limit: Told = ["retry", 4, { detail: "429", error: "usage_limit" }];
const after = (...events: Told[]) => {
  const { record } = { record: agentAfter(hosted([...began, ...events])) };
  const retry = limitRetryOf(record);
  const failed_at = retry?.at ?? limitRetryOf(agentAfter(hosted([...began, limit])))?.at ?? "";
  const known = { account: "a", since: failed_at, failed_at, tries: 1, until: failed_at };
  return { isRetried: retry !== undefined, isPast: isPast(known, record) };
};

test("a limit at which a CLI asks again is past when its model has answered, and not when its turn has failed", () => {
  expect(after(limit)).toEqual({ isRetried: true, isPast: false });
  expect(after(limit, ["retry_end", 6])).toEqual({ isRetried: false, isPast: true });
  expect(after(limit, ["turn_failed", 6, { error: "usage_limit" }])).toEqual({
    ...{ isRetried: false, isPast: false },
  });
});

test("a limit at which a CLI still asks again has one cause, also when it lasts longer; after another failure it has a new one", () => {
  const [since, failed_at] = ["2026-11-30T14:05:00.000Z", "2026-11-30T14:07:00.000Z"];
  const known = { account: "a", since, failed_at, tries: 2, until: "2026-11-30T14:09:00.000Z" };
  const causeOf = (more: object) => holdOf({ ...known, ...more }, known.until, "resume").cause;
  expect(causeOf({ is_retried: true })).toBe(since);
  expect(causeOf({})).toBe(failed_at);
  expect(causeOf({ is_retried: true, resets_at: known.until })).toBe(known.until);
});

test("an agent is resumed since its failure by a resume of somebody that it has carried out after it, and not by cliai's own", () => {
  const failed = "2026-11-30T14:05:00.000Z";
  const [before, later] = ["2026-11-30T14:04:59.000Z", "2026-11-30T14:05:01.000Z"];
  const resumed = (at: string, more: object = {}) => {
    const receipts = [{ state: "applied" as const, at }];
    const order = { command_id: "r", type: "resume" as const, from: "kim", summary: "", stream_seq: 1 };
    const commands = [{ ...order, issued_at: later, receipts, ...more }];
    return isResumedSince({ ...agentAfter(hosted(began)), commands }, { at: failed });
  };
  expect([resumed(later), resumed(before)]).toEqual([true, false]);
  expect(resumed(later, { receipts: [{ state: "delivered", at: later }] })).toBe(false);
  expect(resumed(later, { command_id: "hold-1", from: "cliai" })).toBe(false);
});

test("a CLI that asks again at an overload is at no limit", () => {
  expect(after(["retry", 4, { detail: "529", error: "overloaded" }]).isRetried).toBe(false);
});
