import { expect, test } from "bun:test";
import { isPast, limitRetryOf } from "../../../src/domain/limits/limited-agent.ts";
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

test("a CLI that asks again at an overload is at no limit", () => {
  expect(after(["retry", 4, { detail: "529", error: "overloaded" }]).isRetried).toBe(false);
});
