import { describe, expect, test } from "bun:test";
import { createTextHold, goOnWithinMs } from "../../../src/host/routes/text-hold.ts";
import { id, startHosted, streamInto } from "../../support/hosted-session.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

const task = { id: "t-1", from: "kim" };
const goOn = { id: "limit-1796047200000", from: "cliai" };
const atLimit = "its model is at a usage limit";
const failed = { kind: "turn_failed", error: "usage_limit" } as const;

function hold() {
  let nowMs = Date.parse("2026-11-30T14:05:00Z");
  let letGo = 0;
  const made = createTextHold(() => new Date(nowMs));
  made.onLetGo(() => {
    letGo += 1;
  });
  return {
    ...made,
    times: () => letGo,
    ahead(ms: number) {
      nowMs += ms;
    },
    [Symbol.dispose]: made.stop,
  };
}

describe("createTextHold()", () => {
  test("keeps all but serve's task to go on: after a turn that has failed at a limit, until that task is given", () => {
    using at = hold();
    expect(at.why(task)).toBeUndefined();
    at.noteEvent({ ...failed, limit_resets_at: "2026-11-30T14:07:00Z" });
    expect([at.why(task), at.why(goOn)]).toEqual([atLimit, undefined]);
    at.noteGiven(task);
    expect([at.why(task), at.times()]).toEqual([atLimit, 0]);
    at.noteGiven(goOn);
    expect([at.why(task), at.times()]).toEqual([undefined, 1]);
  });

  test("lets go a moment after the end that was told, or after a minute, if serve gives no task to go on", async () => {
    for (const [end, limitMs] of [
      ["2026-11-30T14:07:00Z", 120_000],
      [undefined, 60_000],
    ] as const) {
      using at = hold();
      at.noteEvent({ ...failed, ...(end === undefined ? {} : { limit_resets_at: end }) });
      at.ahead(limitMs);
      expect(at.why(task)).toBe(atLimit);
      at.ahead(goOnWithinMs);
      await waitFor(() => at.times() === 1, { what: "it lets go" });
      expect(at.why(task)).toBeUndefined();
    }
  });

  test("keeps texts from a pause that says so until the resume, and from no other pause; a turn that ends well does not end it", () => {
    using at = hold();
    at.noteOrder({ type: "pause", reason: "wait" });
    expect(at.why(task)).toBeUndefined();
    at.noteOrder({ type: "pause", reason: "its budget", holds_texts: true });
    at.noteEvent({ kind: "turn_end" });
    expect(at.why(task)).toBe("it is held: its budget");
    at.noteOrder({ type: "resume", reason: "" });
    expect([at.why(task), at.times()]).toEqual([undefined, 1]);
  });

  test("after a resume, the task to go on goes before what waits, for a moment", async () => {
    using at = hold();
    at.noteEvent({ ...failed, limit_resets_at: "2026-11-30T18:00:00Z" });
    at.noteOrder({ type: "pause", reason: "its budget", holds_texts: true });
    at.noteOrder({ type: "resume", reason: "" });
    expect(at.why(task)).toBe(atLimit);
    at.ahead(goOnWithinMs);
    await waitFor(() => at.times() === 1, { what: "it lets go" });
  });

  test("after a pause that has outlasted the limit, the task to go on goes before what waits, too", async () => {
    using at = hold();
    at.noteEvent({ ...failed, limit_resets_at: "2026-11-30T14:07:00Z" });
    at.noteOrder({ type: "pause", reason: "usage limit", holds_texts: true });
    at.noteOrder({ type: "pause", reason: "lunch" });
    at.ahead(3_600_000);
    await stays(() => at.times() === 0 && at.why(task) === "it is held: usage limit", {
      ...{ what: "it keeps texts", because: "it looks at the time twice a second", forMs: 1_200 },
    });
    at.noteOrder({ type: "resume", reason: "" });
    expect([at.why(task), at.why(goOn), at.times()]).toEqual([atLimit, undefined, 0]);
    at.noteGiven(goOn);
    expect([at.why(task), at.times()]).toEqual([undefined, 1]);
  });

  test.each([
    [{ kind: "turn_failed", error: "other", detail: "API Error: 429" }, true],
    [{ kind: "turn_failed", error: "overloaded", detail: "529 overloaded" }, false],
    [{ kind: "turn_failed", error: "server" }, false],
    [{ kind: "tool_failed", error: "usage_limit" }, false],
  ] as const)("%j keeps texts: %p", (event, keeps) => {
    using at = hold();
    at.noteEvent(event);
    expect(at.why(task) !== undefined).toBe(keeps);
  });
});

test("an agent whose turn fails at a limit gets none of its waiting tasks before it goes on, and then all in their order", async () => {
  await using ada = await startHosted({ hasStream: true });
  const told: string[] = [];
  let isBusy = false;
  const stream = streamInto(told);
  ada.session.open({
    stream: {
      ...stream,
      carriesHooks: true,
      async say(text) {
        if (isBusy) return "busy";
        isBusy = true;
        return await stream.say(text);
      },
    },
  });
  const first = await ada.send("task", { text: "first" });
  await waitFor(() => told.length === 1, { what: "it has the first" });
  for (const text of ["second", "third"]) await ada.send("task", { text });
  await ada.receipts();
  ada.session.takeSign({ type: "taken", text: `[cliai task ${first}] first` });
  ada.session.takeSign({ type: "limit", resetsAtMs: Date.now() + 10_000 });
  isBusy = false;
  const words = "429 usage limit reached";
  ada.session.turnResult({ isError: true, wasAsked: false, text: words, error: "usage_limit" });
  // Sent while the limit stands.
  await ada.send("task", { text: "fourth" });
  const view = () => ada.server.fleet.get(id);
  await waitFor(() => view()?.holds?.length === 1, { what: "it is held", saw: view });
  expect(told.length).toBe(1);
  for (const count of [2, 3, 4, 5]) {
    await waitFor(() => told.length === count, { what: `${count} are told`, saw: () => told });
    ada.session.takeSign({ type: "answer" });
    ada.session.turnResult({ isError: false, wasAsked: true, text: "done" });
    isBusy = false;
  }
  const kinds = told.map((text) => /usage limit|first|second|third|fourth/.exec(text)?.[0]);
  expect(kinds).toEqual(["first", "usage limit", "second", "third", "fourth"]);
  expect(told[1]).toContain("It was about: first");
});

test("an agent that has failed again after a resume goes on by the next one, and then with what waits, long before the limit ends", async () => {
  await using ada = await startHosted({ hasStream: true });
  const told: string[] = [];
  ada.session.open({ stream: { ...streamInto(told), carriesHooks: true } });
  const fails = () => {
    ada.session.takeSign({ type: "limit", resetsAtMs: Date.now() + 3_600_000 });
    const words = "429 usage limit reached";
    ada.session.turnResult({ isError: true, wasAsked: false, text: words, error: "usage_limit" });
  };
  const first = await ada.send("task", { text: "first" });
  await waitFor(() => told.length === 1, { what: "it has the first" });
  ada.session.takeSign({ type: "taken", text: `[cliai task ${first}] first` });
  fails();
  const view = () => ada.server.fleet.get(id);
  await waitFor(() => view()?.axes.control.value === "held", { what: "it is held", saw: view });
  await ada.send("resume");
  await waitFor(() => told.length === 2, { what: "it goes on", saw: () => told });
  ada.session.takeSign({ type: "taken", text: told[1] ?? "" });
  fails();
  await waitFor(() => view()?.needs[0]?.kind === "limit", { what: "it needs somebody", saw: view });
  await ada.send("task", { text: "second" });
  await ada.receipts();
  await stays(() => told.length === 2, {
    ...{ what: "it is told nothing", because: "an idle session is told a task at once", forMs: 600 },
  });
  await ada.send("resume");
  await waitFor(() => told.length === 4, { what: "it goes on, and has the second", saw: () => told });
  const kinds = told.map((text) => /usage limit|first|second/.exec(text)?.[0]);
  expect(kinds).toEqual(["first", "usage limit", "usage limit", "second"]);
});

test("an idle agent that a limit or a budget holds gets its tasks only when it is let go", async () => {
  await using ada = await startHosted({ hasStream: true });
  const told: string[] = [];
  ada.session.open({ stream: { ...streamInto(told), carriesHooks: true } });
  const { holding } = ada.server;
  let count = 0;
  for (const reason of ["usage_limit", "budget"] as const) {
    await holding.hold(id, { reason, source: "s", words: "it is used up" });
    await waitFor(() => ada.axes()?.control.value === "held", { what: `it is held: ${reason}` });
    await ada.send("task");
    await ada.receipts();
    await stays(() => told.length === count, {
      ...{ what: "it is told nothing", because: "an idle session is told a task at once", forMs: 300 },
    });
    expect(ada.axes()?.attention.value).toBe("none");
    await holding.letGo(id, reason, "s");
    count += 1;
    await waitFor(() => told.length === count, { what: "it is told the task" });
  }
});
