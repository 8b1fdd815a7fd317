import { describe, expect, test } from "bun:test";
import { createTurn } from "../../../src/host/hear/turn.ts";
import { staysPending, waitFor } from "../../support/wait-for.ts";

describe("createTurn()", () => {
  test("before the first hook nothing is known: no turn is shown, and one may run all the same", () => {
    const turn = createTurn();
    expect([turn.isOpen(), turn.mayBeOpen(), turn.isHooked(), turn.wasPrompted()]).toEqual([
      ...[false, true, false, false],
    ]);
    expect(turn.hookedForMs()).toBe(0);
    expect(turn.noteHook()).toBe(true);
    expect(turn.noteHook()).toBe(false);
    expect([turn.isOpen(), turn.mayBeOpen(), turn.isHooked()]).toEqual([false, false, true]);
  });

  test("has run lately while it is open, and for a time after its end", async () => {
    const turn = createTurn();
    turn.end();
    expect(turn.ranWithinMs(60_000)).toBe(false);
    turn.offerPrompt(1_000, true);
    expect(turn.ranWithinMs(0)).toBe(true);
    turn.end();
    expect(turn.ranWithinMs(60_000)).toBe(true);
    await waitFor(() => !turn.ranWithinMs(1), { what: "more than a millisecond has gone by", intervalMs: 1 });
  });

  test("a hook that cannot hold a tool shows nothing of one that can", async () => {
    const turn = createTurn();
    turn.noteHook();
    expect(turn.isHeld()).toBe(false);
    await staysPending(turn.whenHeld, { what: "it is not held", because: "it resolves at once", forMs: 20 });
    turn.noteHeld();
    await turn.whenHeld;
    expect(turn.isHeld()).toBe(true);
  });

  test("a session that holds only the tools that ask is not held, but it is known what holds it", async () => {
    const turn = createTurn();
    turn.noteHeld("asked");
    await turn.whenHeld;
    expect([turn.isHeld(), turn.holdsOnlyAsked()]).toEqual([false, true]);
    turn.noteHeld();
    expect([turn.isHeld(), turn.holdsOnlyAsked()]).toEqual([true, false]);
  });

  test("is open from a prompt to the end that the CLI tells of it", () => {
    const turn = createTurn();
    turn.offerPrompt(1_000, true, "p1");
    expect([turn.isOpen(), turn.wasPrompted(), turn.promptId()]).toEqual([true, true, "p1"]);
    turn.noteTaken(1_001);
    expect(turn.isOverAt(1_500)).toBe(true);
    turn.end();
    expect([turn.isOpen(), turn.wasPrompted(), turn.promptId()]).toEqual([false, true, undefined]);
    expect(turn.isOverAt(2_000)).toBe(false);
  });

  test("is ending from our hook's letting it, until it is over or goes on", () => {
    const turn = createTurn();
    turn.noteEnding();
    expect(turn.isEnding()).toBe(false);
    turn.begin(1_000);
    turn.noteEnding();
    expect(turn.isEnding()).toBe(true);
    turn.begin(1_001);
    expect(turn.isEnding()).toBe(false);
    turn.noteEnding();
    turn.end();
    expect(turn.isEnding()).toBe(false);
  });

  test("an end in the record from before the turn that runs is an earlier turn's", () => {
    const turn = createTurn();
    turn.begin(1_000);
    expect(turn.isOverAt(999)).toBe(false);
    expect(turn.isOverAt(1_000)).toBe(true);
  });

  test("an end does not end the prompt that was sent and is not in the conversation yet", () => {
    const turn = createTurn();
    turn.offerPrompt(1_000, true);
    expect(turn.isOverAt(1_001)).toBe(false);
    // What was taken before the prompt was sent is not this prompt.
    turn.noteTaken(999);
    expect(turn.isOverAt(1_001)).toBe(false);
    turn.noteTaken(1_000);
    expect(turn.isOverAt(1_001)).toBe(true);
  });

  test("a prompt that waits for the end of the turn is not taken for one that the model lacks", () => {
    const turn = createTurn();
    turn.begin(1_000);
    turn.offerPrompt(1_100, false);
    expect(turn.isOverAt(1_200)).toBe(true);
  });

  test("a prompt after our hook has let the turn end begins the next one", () => {
    const turn = createTurn();
    turn.begin(1_000);
    turn.noteEnding();
    turn.offerPrompt(1_100, false);
    expect(turn.isOverAt(1_200)).toBe(false);
  });

  test.each([
    // [was the model asked, does a prompt wait, is it over]
    [true, true, false],
    [true, false, true],
    [false, true, true],
    [false, false, true],
  ])(
    "a result with a request to the model (%p) while a prompt waits (%p) ends all: %p",
    (asked, waits, over) => {
      const turn = createTurn();
      turn.begin(1_000);
      if (waits) turn.offerPrompt(1_100, true);
      expect(turn.isOverByResult(asked)).toBe(over);
    },
  );

  test("a refused prompt ends the turn that it would have begun, once, and none that runs besides", () => {
    const turn = createTurn();
    turn.offerPrompt(1_000, true);
    expect(turn.isOverByRefusal()).toBe(true);
    expect(turn.isOverByRefusal()).toBe(false);
    turn.begin(1_100);
    expect(turn.isOverByRefusal()).toBe(false);
    const none = createTurn();
    expect(none.isOverByRefusal()).toBe(false);
  });

  test("keeps the id of the last prompt that had one", () => {
    const turn = createTurn();
    turn.offerPrompt(1_000, true, "p1");
    turn.begin(1_001);
    expect(turn.promptId()).toBe("p1");
    turn.offerPrompt(1_100, false, "p2");
    expect(turn.promptId()).toBe("p2");
  });
});
