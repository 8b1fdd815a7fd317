import { describe, expect, test } from "bun:test";
import { goOnWords } from "../../../src/domain/go-on-words.ts";
import { createTurnTasks } from "../../../src/host/routes/turn-tasks.ts";

const marked = (id: string) => `[cliai task ${id}] from eve: dig`;

describe("createTurnTasks()", () => {
  test("a turn has what was seen in it, once", () => {
    const tasks = createTurnTasks();
    tasks.noteSeen("t1", "echo");
    tasks.noteSeen("t2", "echo");
    expect(tasks.take("seen")).toEqual(["t1", "t2"]);
    expect(tasks.take("taken")).toEqual([]);
  });

  test("a task of a turn that was left is no later turn's, whatever that says and asks", () => {
    const tasks = createTurnTasks();
    tasks.noteSeen("t1", "transcript");
    tasks.leave();
    tasks.noteTaken("[cliai task t2] and go on with t1", "transcript");
    tasks.noteAnswer("transcript");
    tasks.noteSeen("t2", "transcript");
    expect(tasks.take("taken")).toEqual(["t2"]);
    expect(tasks.forget()).toEqual(["t1"]);
  });

  test("it is the turn's in which its words come again: seen with the next answer, else only taken", () => {
    const tasks = createTurnTasks();
    for (const id of ["t1", "t2"]) tasks.noteSeen(id, "transcript");
    tasks.leave();
    tasks.noteTaken(marked("t1"), "transcript");
    expect(tasks.take("seen")).toEqual([]);
    tasks.noteAnswer("transcript");
    expect(tasks.take("seen")).toEqual(["t1"]);
    tasks.noteTaken(marked("t2"), "transcript");
    expect(tasks.take("taken")).toEqual(["t2"]);
    expect(tasks.forget()).toEqual([]);
  });

  test("words that another place shows late are those of before", () => {
    const tasks = createTurnTasks();
    tasks.noteSeen("t1", "echo");
    tasks.leave();
    tasks.noteTaken(marked("t1"), "transcript");
    tasks.noteAnswer("transcript");
    expect(tasks.take("taken")).toEqual([]);
    tasks.noteTaken(marked("t1"), "echo");
    expect(tasks.take("taken")).toEqual(["t1"]);
  });

  test("a task of an earlier run is that turn's which is told to go on, noted before or after, and once", () => {
    for (const isNotedFirst of [true, false]) {
      const tasks = createTurnTasks();
      const note = () => tasks.noteEarlier({ id: "t1", token: "a" });
      if (isNotedFirst) note();
      tasks.noteTaken(`${goOnWords} But do not go on with t2`, "echo");
      note();
      tasks.noteAnswer("echo");
      expect(tasks.take("taken")).toEqual(["t1"]);
      note();
      expect(tasks.take("taken")).toEqual([]);
      // Another one under the same id.
      tasks.noteEarlier({ id: "t1", token: "b" });
      expect(tasks.take("taken")).toEqual([]);
      expect(tasks.forget()).toEqual(["t1"]);
    }
  });

  test("a task of an earlier run that is noted only after the turn that went on with it has that turn's end, and no later one's", () => {
    const tasks = createTurnTasks();
    const end = { isFailed: false, route: "result", detail: "its turn has ended: Done." };
    tasks.noteTaken(goOnWords, "echo");
    tasks.noteAnswer("echo");
    expect(tasks.take("taken", end)).toEqual([]);
    expect(tasks.take("taken", { ...end, isFailed: true })).toEqual([]);
    expect(tasks.noteEarlier({ id: "t1", token: "a" })).toEqual(end);
    expect(tasks.noteEarlier({ id: "t1", token: "a" })).toBeUndefined();
    expect(tasks.forget()).toEqual([]);
    expect(tasks.noteEarlier({ id: "t2", token: "a" })).toBeUndefined();
  });

  test("words to go on count for their own turn only", () => {
    const tasks = createTurnTasks();
    tasks.noteTaken(goOnWords, "echo");
    tasks.leave();
    tasks.noteEarlier({ id: "t1", token: "a" });
    tasks.noteAnswer("echo");
    expect(tasks.take("taken")).toEqual([]);
  });

  test("words to go on that somebody quotes are no words to go on, whether a CLI shows texts or lines of JSON", () => {
    const quotes = [
      `[cliai message m1] A message from bob, another agent:\n${goOnWords}`,
      `1\texport const goOnWords = "${goOnWords}";`,
    ];
    for (const text of quotes.flatMap((quote) => [quote, JSON.stringify({ content: quote })])) {
      const tasks = createTurnTasks();
      tasks.noteEarlier({ id: "t1", token: "a" });
      tasks.noteTaken(text, "echo");
      tasks.noteAnswer("echo");
      expect(tasks.take("taken")).toEqual([]);
    }
    const tasks = createTurnTasks();
    tasks.noteEarlier({ id: "t1", token: "a" });
    tasks.noteTaken(JSON.stringify({ message: { content: [{ type: "text", text: goOnWords }] } }), "echo");
    expect(tasks.take("taken")).toEqual(["t1"]);
  });

  test("words to go on are about an earlier run, not about a task of a turn that this run has left", () => {
    const tasks = createTurnTasks();
    tasks.noteSeen("t1", "echo");
    tasks.leave();
    tasks.noteTaken(goOnWords, "echo");
    tasks.noteAnswer("echo");
    expect(tasks.take("taken")).toEqual([]);
  });
});
