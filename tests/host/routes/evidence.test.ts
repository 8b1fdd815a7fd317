import { describe, expect, test } from "bun:test";
import { goOnWords } from "../../../src/domain/go-on-words.ts";
import { createEvidence } from "../../../src/host/routes/evidence.ts";

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

  test("an order that a text names can be left out of those that are awaited", () => {
    const { evidence, hand } = start();
    hand("t1");
    expect([evidence.isAwaiting(marked("t2")), evidence.isAwaiting(marked("t1"))]).toEqual([true, false]);
    hand("t2");
    expect(evidence.isAwaiting(marked("t1"))).toBe(true);
    expect(evidence.isAwaiting(`${marked("t1")}\n\n${marked("t2")}`)).toBe(false);
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

  test("a task that was seen in a turn that is left has no end by a later one; the receipt seen stays the only one", async () => {
    const { evidence, hand, written } = start();
    hand("t1");
    evidence.noteTaken(marked("t1"), "transcript");
    evidence.noteAnswer("transcript");
    evidence.leaveTasks();
    evidence.noteAnswer("transcript");
    expect(evidence.takeTasks("taken")).toEqual([]);
    evidence.noteTaken(marked("t1"), "transcript");
    evidence.noteAnswer("transcript");
    expect(evidence.takeTasks("seen")).toEqual(["t1"]);
    expect(await written()).toEqual(["t1 seen: transcript"]);
  });

  test("a task of an earlier run ends with no turn that is not about it", () => {
    const { evidence } = start();
    evidence.noteEarlierTask({ id: "t1", token: "a" });
    evidence.noteTaken("something else", "echo");
    evidence.noteAnswer("echo");
    expect(evidence.takeTasks("taken")).toEqual([]);
  });

  test("a task of an earlier run that is noted only after the turn that went on with it has its last receipt at once", async () => {
    const { evidence, written } = start();
    evidence.noteTaken(goOnWords, "echo");
    evidence.noteAnswer("echo");
    const end = { isFailed: false, route: "result", detail: "its turn has ended: Done." };
    expect(evidence.takeTasks("taken", end)).toEqual([]);
    for (const id of ["t1", "t1", "t2"]) evidence.noteEarlierTask({ id, token: "a" });
    expect(await written()).toEqual(["t1", "t2"].map((id) => `${id} applied: ${end.detail}`));
  });

  test("what the CLI has taken back from the conversation waits for its words anew", async () => {
    const { evidence, hand, written } = start();
    hand("t1");
    evidence.noteTaken(marked("t1"), "transcript");
    evidence.withdraw();
    evidence.noteAnswer("transcript");
    expect(await written()).toEqual([]);
    evidence.noteTaken(marked("t1"), "transcript");
    evidence.noteAnswer("transcript");
    expect(await written()).toEqual(["t1 seen: transcript"]);
  });

  test("with a conversation goes what it had; what it was not shown to have can be handed over again, and what is elsewhere stays", async () => {
    const { evidence, hand, written } = start();
    const item = { type: "task", origin: "operator", from: "eve", text: "dig" };
    hand("seen");
    evidence.noteTaken(marked("seen"), "transcript");
    evidence.noteAnswer("transcript");
    evidence.noteEarlierTask({ id: "earlier", token: "a" });
    for (const id of ["unseen", "queued"]) evidence.expect(id, "task", { id, ...item })();
    evidence.noteTaken(marked("unseen"), "transcript");
    expect(evidence.forgetConversation()).toEqual({
      tasks: ["earlier", "seen"],
      unseen: [{ id: "unseen", ...item }],
    });
    evidence.noteAnswer("transcript");
    evidence.noteTaken(marked("queued"), "transcript");
    evidence.noteAnswer("transcript");
    expect(await written()).toEqual(["seen seen: transcript", "queued seen: transcript"]);
    expect(evidence.isAwaiting()).toBe(false);
  });
});
