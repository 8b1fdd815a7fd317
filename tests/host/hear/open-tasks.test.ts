import { describe, expect, test } from "bun:test";
import { createOpenTasks } from "../../../src/host/hear/open-tasks.ts";

function openTasks() {
  const written: string[] = [];
  const tasks = createOpenTasks({
    write: ({ command_id, state, detail }) => void written.push(`${command_id} ${state}: ${detail}`),
  });
  return { tasks, written };
}
const well = (detail: string) => ({ isFailed: false, route: "result" as const, detail });

describe("createOpenTasks()", () => {
  test("a task ends with its turn; one that left something running, with the turn in which the model hears of its end", () => {
    const { tasks, written } = openTasks();
    tasks.turnEnded(["a"], well("one"), []);
    expect(written).toEqual(["a applied: one"]);
    tasks.turnEnded(["b"], well("two"), ["build"]);
    // The next has left nothing running.
    tasks.turnEnded(["c"], well("three"), ["build"]);
    expect(written.slice(1)).toEqual(["c applied: three"]);
    tasks.noteBackground([]);
    expect(written.length).toBe(2);
    tasks.turnEnded([], well("built"), []);
    expect(written.slice(2)).toEqual(["b applied: built"]);
  });

  test("what the woken model begins anew is waited for as well; a turn that fails ends its tasks at once", () => {
    const { tasks, written } = openTasks();
    tasks.turnEnded(["a"], well("one"), ["build"]);
    tasks.noteBackground([]);
    tasks.turnEnded([], well("again"), ["build-2"]);
    tasks.noteBackground([]);
    expect(written).toEqual([]);
    tasks.turnEnded([], { isFailed: true, route: "result", detail: "no way" }, []);
    tasks.turnEnded(["b"], { isFailed: true, route: "result", detail: "nor this" }, ["other"]);
    expect(written).toEqual(["a failed: no way", "b failed: nor this"]);
  });

  test("a lost conversation fails its tasks, and those that wait for what runs in the background", () => {
    const { tasks, written } = openTasks();
    tasks.turnEnded(["a"], well("one"), ["build"]);
    tasks.fail(["b"], "gone");
    tasks.noteBackground([]);
    tasks.settle();
    expect(written).toEqual(["a failed: gone", "b failed: gone"]);
  });

  test("where nothing wakes the model, the task ends with what its own turn said; nothing ends what still runs", () => {
    const { tasks, written } = openTasks();
    tasks.turnEnded(["a"], well("one"), ["build"]);
    tasks.settle();
    expect(written).toEqual([]);
    tasks.noteBackground([]);
    tasks.settle();
    tasks.settle();
    expect(written).toEqual(["a applied: one"]);
  });
});
