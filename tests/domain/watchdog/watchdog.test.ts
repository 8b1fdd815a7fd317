import { expect, test } from "bun:test";
import { watchdogFindings } from "../../../src/domain/watchdog/watchdog.ts";
import { ago, now } from "../../support/agent-records.ts";

const watchdog = { same_call: 3, silent_min: 10, context_percent: 90, act: "alert" } as const;
const session = {
  ...{ started_at: ago(9_000), tools: [], generation: 1, seq: 1, session_id: "s1" },
  ...{ turn: { since: ago(900) }, last_event_at: ago(700) },
};
const found = (
  record: Parameters<typeof watchdogFindings>[0],
  {
    times = 0,
    worksFor = 9_000,
    changedAgo,
    ...keys
  }: { times?: number; worksFor?: number; changedAgo?: number; unchanged_min?: number } = {},
) =>
  watchdogFindings(
    record,
    { ...watchdog, ...keys },
    {
      changedMs: changedAgo === undefined ? undefined : now.getTime() - changedAgo * 1_000,
      failing: times === 0 ? undefined : { tool: "Bash", input: "make\u001b", times },
      ...{ workingSinceMs: worksFor < 0 ? undefined : now.getTime() - worksFor * 1_000, now },
    },
  ).map(({ what, words, cause }) => `${what}: ${words} | ${cause}`);

test("a call that fails again and again is found once for each multiple of the number, in words that no terminal obeys", () => {
  expect(found({}, { times: 2 })).toEqual([]);
  const words = "failing: Bash make\ufffd has failed 4 times, and nothing has changed | Bash make\ufffd 1";
  expect(found({}, { times: 4 })).toEqual([words]);
  expect(found({}, { times: 6 })[0]).toEndWith(" 2");
});

test("silence counts in an open turn of an agent that works", () => {
  const words = `silent: no event and no changed file for 10 minutes of its turn | ${ago(700)}`;
  expect(found({ session })).toEqual([words]);
  expect(found({ session }, { worksFor: -1 })).toEqual([]);
  expect(found({ session: { ...session, last_event_at: ago(500) } })).toEqual([]);
  // Its last event is old, because it was paused or waited until now.
  expect(found({ session }, { worksFor: 10 })).toEqual([]);
  expect(found({ session }, { worksFor: 600 })).toEqual([words]);
  expect(found({ session: { ...session, turn: { since: ago(900), ended_at: ago(700) } } })).toEqual([]);
});

test("an agent that works on without changing a file is found where its profile asks for that, however much it does", () => {
  const busy = { session: { ...session, turn: { since: ago(2_000) }, last_event_at: ago(2) } };
  expect(found(busy)).toEqual([]);
  const words = (since: number) =>
    `unchanged: no tool has changed a file for 30 minutes of its turn | ${ago(since)}`;
  expect(found(busy, { unchanged_min: 30 })).toEqual([words(2_000)]);
  expect(found(busy, { unchanged_min: 30, changedAgo: 1_900 })).toEqual([words(1_900)]);
  expect(found(busy, { unchanged_min: 30, changedAgo: 60 })).toEqual([]);
  expect(found(busy, { unchanged_min: 30, worksFor: 60 })).toEqual([]);
  expect(found(busy, { unchanged_min: 30, worksFor: -1 })).toEqual([]);
  const turn = { since: ago(2_000), ended_at: ago(3) };
  expect(found({ session: { ...session, turn } }, { unchanged_min: 30 })).toEqual([]);
});

test("a context that is nearly full is found; one of unknown size is not", () => {
  const usage = { at: ago(1), context_tokens: 181_000, context_window: 200_000 };
  expect(found({ usage })).toEqual(["context: 91 % of its context are filled | full"]);
  expect(found({ usage: { ...usage, context_tokens: 178_000 } })).toEqual([]);
  expect(found({ usage: { at: ago(1), context_tokens: 181_000 } })).toEqual([]);
});
