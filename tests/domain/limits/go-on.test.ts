import { describe, expect, test } from "bun:test";
import { failedSince, goOnId, goOnTask, isGoOn } from "../../../src/domain/limits/go-on.ts";
import type { CommandRecord, ReceiptEntry } from "../../../src/domain/receipts.ts";

const since = "2026-11-30T14:05:00.000Z";

function taskOf(summary: string, end: Partial<ReceiptEntry> & { readonly at: string }): CommandRecord {
  const receipt: ReceiptEntry = { state: "failed", route: "result", ...end };
  const names = { command_id: summary.replaceAll(" ", "-"), from: "kim" };
  return { ...names, type: "task", summary, stream_seq: 1, issued_at: since, receipts: [receipt] };
}

describe("failedSince()", () => {
  test("names the tasks that a turn has failed since then, the oldest first", () => {
    const tasks = [
      taskOf("of yesterday", { at: "2026-11-29T14:05:00.000Z" }),
      // Its receipt is stored before the event of the same end.
      taskOf("first", { at: "2026-11-30T14:04:59.900Z" }),
      taskOf("refused by its agent", { at: "2026-11-30T14:05:01.000Z", state: "refused" }),
      taskOf("lost with its session", { at: "2026-11-30T14:05:01.000Z", route: "hook" }),
      taskOf("second", { at: "2026-11-30T14:05:02.000Z", route: "turn" }),
    ];
    expect(failedSince(tasks, since)).toEqual(["first", "second"]);
  });

  test("names none that failed before the agent has done another task", () => {
    const tasks = [
      taskOf("old", { at: "2026-11-30T14:05:00.000Z" }),
      taskOf("done", { at: "2026-11-30T14:30:00.000Z", state: "applied" }),
      taskOf("of this limit", { at: "2026-11-30T16:00:00.000Z" }),
    ];
    expect(failedSince(tasks, since)).toEqual(["of this limit"]);
  });

  test("names none that the agent has gone on with, and not the task to go on itself", () => {
    const first = taskOf("first", { at: "2026-11-30T14:05:00.000Z" });
    const goOn = (state: "applied" | "failed", at: string) => ({
      ...taskOf("go on", { at, state }),
      ...{ command_id: goOnId({ at: since }), from: "cliai" },
    });
    const late = taskOf("late", { at: "2026-11-30T16:00:00.000Z" });
    expect(failedSince([first, goOn("failed", "2026-11-30T15:00:00.000Z")], since)).toEqual(["first"]);
    expect(failedSince([first, late, goOn("applied", "2026-11-30T15:00:00.000Z")], since)).toEqual(["late"]);
  });
});

describe("goOnTask()", () => {
  test("says what was cut off: the task, each of several, or what it was working on", () => {
    expect(goOnTask(["mend it"], "another")).toEndWith("Go on where you were. It was about: mend it");
    expect(goOnTask(["mend it", "write it"], "")).toEndWith("1. mend it\n2. write it");
    expect(goOnTask([], "mend it")).toEndWith("It was about: mend it");
    expect(goOnTask([], "")).toEndWith("Go on where you were.");
  });

  test("does not repeat its own words if the task to go on was cut off as well", () => {
    const once = goOnTask([], "mend it");
    expect(goOnTask([], once)).toBe(once);
    expect(goOnTask([], goOnTask([], ""))).toBe(goOnTask([], ""));
  });
});

test("isGoOn() knows the task by its id and its sender", () => {
  const id = goOnId({ at: since });
  expect([isGoOn({ id, from: "cliai" }), isGoOn({ id, from: "kim" })]).toEqual([true, false]);
  expect(isGoOn({ id: "t-1", from: "cliai" })).toBe(false);
});
