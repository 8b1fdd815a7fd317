import { describe, expect, test } from "bun:test";
import { createEvidence, dropOldest, keyOf } from "../../../src/host/routes/evidence.ts";

function start() {
  const receipts: string[] = [];
  const evidence = createEvidence(({ command_id, state, detail }) => {
    receipts.push(`${command_id} ${state}${detail === undefined ? "" : `: ${detail}`}`);
  });
  /** Hands an order over, with its receipt `injected` queued. */
  const hand = (id: string, type = "task") => evidence.expect(id, type)();
  /** Receipts are written in the next turn of the event loop. */
  const written = async () => {
    await Promise.resolve();
    return [...receipts];
  };
  return { evidence, hand, written };
}
const marked = (id: string, type = "task") => `[cliai ${type} ${id}] from eve: dig`;

describe("createEvidence()", () => {
  test("seen takes both: the words in the conversation, and a request to the model after them", async () => {
    const { evidence, hand, written } = start();
    hand("t1");
    evidence.noteAnswer("echo");
    expect(await written()).toEqual([]);
    evidence.noteTaken(marked("t1"), "echo");
    expect(await written()).toEqual([]);
    evidence.noteAnswer("echo");
    expect(await written()).toEqual(["t1 seen: echo"]);
    expect(evidence.isAwaiting()).toBe(false);
    evidence.noteAnswer("echo");
    expect(await written()).toHaveLength(1);
  });

  test("an answer in the record is none for words that only the stream has shown", async () => {
    const { evidence, hand, written } = start();
    hand("t1");
    evidence.noteTaken(marked("t1"), "echo");
    evidence.noteAnswer("transcript");
    expect(await written()).toEqual([]);
    evidence.noteTaken(marked("t1"), "transcript");
    evidence.noteAnswer("transcript");
    expect(await written()).toEqual(["t1 seen: transcript"]);
  });

  test("a CLI that tells the id of the order needs no words", async () => {
    const { evidence, hand, written } = start();
    hand("t1");
    hand("t2");
    evidence.noteTaken("", "echo", "t2");
    evidence.noteAnswer("echo");
    expect(await written()).toEqual(["t2 seen: echo"]);
  });

  test("a prompt that is offered, and words without our mark, are no evidence", async () => {
    const { evidence, hand, written } = start();
    hand("t1");
    evidence.noteOffered(marked("t1"), 1_000);
    evidence.noteTaken("dig", "echo");
    evidence.noteTaken(marked("t2"), "echo");
    evidence.noteAnswer("echo");
    expect(await written()).toEqual([]);
    expect(evidence.isAwaiting()).toBe(true);
  });

  test("seen is not written before injected is queued", async () => {
    const { evidence, written } = start();
    const queued = evidence.expect("t1", "task");
    evidence.noteTaken(marked("t1"), "echo");
    evidence.noteAnswer("echo");
    expect(await written()).toEqual([]);
    queued();
    expect(await written()).toEqual(["t1 seen: echo"]);
  });

  test("what was not handed over after all is watched for no more", async () => {
    const { evidence, hand, written } = start();
    hand("t1");
    evidence.forget("t1");
    evidence.noteTaken(marked("t1"), "echo");
    evidence.noteAnswer("echo");
    expect(await written()).toEqual([]);
  });

  test("a refused prompt fails the orders that it names, whatever else waits", async () => {
    const { evidence, hand, written } = start();
    for (const id of ["t1", "t2"]) hand(id);
    evidence.refuse(marked("t1"), "halt", 1_000);
    expect(await written()).toEqual(["t1 failed: halt"]);
  });

  test("a refusal without words fails what was offered by then; a message that is in the conversation goes on", async () => {
    const { evidence, hand, written } = start();
    for (const id of ["t1", "late", "never"]) hand(id);
    for (const id of ["m1", "m2"]) hand(id, "message");
    evidence.noteOffered(marked("t1"), 1_000);
    evidence.noteOffered(marked("late"), 1_001);
    for (const id of ["m1", "m2"]) evidence.noteOffered(marked(id, "message"), 999);
    evidence.noteTaken(marked("m2", "message"), "echo");
    evidence.refuse("", "halt", 1_000);
    expect(await written()).toEqual(["t1 failed: halt", "m1 failed: halt"]);
  });

  test("a control order does not fail by it: it is carried out whether or not the model reads of it", async () => {
    const { evidence, hand, written } = start();
    hand("s1", "stop");
    evidence.refuse(marked("s1", "stop"), "halt", 1_000);
    expect(await written()).toEqual([]);
    expect(evidence.isAwaiting()).toBe(true);
  });

  test("a turn takes the tasks that were seen, or also those in the conversation, each once", async () => {
    const { evidence, hand } = start();
    for (const id of ["seen", "taken", "out"]) hand(id);
    hand("m1", "message");
    evidence.noteTaken(marked("seen"), "echo");
    evidence.noteTaken(marked("m1", "message"), "echo");
    evidence.noteAnswer("echo");
    evidence.noteTaken(marked("taken"), "echo");
    expect(evidence.takeTasks("seen")).toEqual(["seen"]);
    expect(evidence.takeTasks("taken")).toEqual(["taken"]);
    expect(evidence.takeTasks("taken")).toEqual([]);
    expect(evidence.isAwaiting()).toBe(true);
  });

  test("a task of an earlier run ends with one turn, though it is noted again; another under its id is another", () => {
    const { evidence } = start();
    evidence.noteEarlierTask({ id: "t1", token: "a" });
    evidence.noteEarlierTask({ id: "t1", token: "a" });
    expect(evidence.takeTasks("taken")).toEqual(["t1"]);
    evidence.noteEarlierTask({ id: "t1", token: "a" });
    evidence.noteEarlierTask({ id: "t1", token: "b" });
    expect(evidence.takeTasks("taken")).toEqual(["t1"]);
  });

  test("a task of an earlier run was not seen in a turn of this one", () => {
    const { evidence, hand } = start();
    evidence.noteEarlierTask({ id: "earlier", token: "a" });
    hand("own");
    evidence.noteTaken(marked("own"), "transcript");
    evidence.noteAnswer("transcript");
    expect(evidence.takeTasks("seen")).toEqual(["own"]);
    expect(evidence.takeTasks("taken")).toEqual(["earlier"]);
  });
});

describe("keyOf()", () => {
  test("tells two orders of one id apart by their tokens", () => {
    expect(keyOf({ id: "a", token: "x" })).not.toBe(keyOf({ id: "a", token: "y" }));
    expect(keyOf({ id: "a" })).toBe(keyOf({ id: "a" }));
  });
});

describe("dropOldest()", () => {
  test("keeps 10,000, and drops the first that came", () => {
    const kept = new Set(Array.from({ length: 10_000 }, (_, i) => `${i}`));
    dropOldest(kept);
    expect(kept.size).toBe(10_000);
    kept.add("new");
    dropOldest(kept);
    expect([kept.size, kept.has("0"), kept.has("1"), kept.has("new")]).toEqual([10_000, false, true, true]);
  });
});
