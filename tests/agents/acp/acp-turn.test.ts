// What a prompt of an ACP session has shown: which texts the model has, and what it said last.
import { describe, expect, test } from "bun:test";
import { createAcpSteering } from "../../../src/agents/acp/acp-steering.ts";
import { createAcpTurn } from "../../../src/agents/acp/acp-turn.ts";

function turn() {
  const signs: unknown[] = [];
  const words: string[] = [];
  const made = createAcpTurn({
    onSign: (sign) => void signs.push(sign),
    onWords: (text) => void words.push(text),
  });
  return { ...made, signs, words };
}

describe("createAcpTurn()", () => {
  test("tells what the model thinks as one piece, before the words that follow it", () => {
    const told: string[] = [];
    const { addThought, addWords, flushWords } = createAcpTurn({
      onSign: () => undefined,
      onWords: (text) => told.push(`says ${text}`),
      onThought: (text) => told.push(`thinks ${text}`),
    });
    for (const piece of ["Where ", "is it?\n"]) addThought(piece);
    addWords("I look.");
    flushWords();
    addThought(" ");
    flushWords();
    expect(told).toEqual(["thinks Where is it?", "says I look."]);
  });

  test("takes a text for the model's only once the model has answered after it", () => {
    const { begin, give, noteAnswer, wasAsked, signs } = turn();
    begin({ text: "dig", id: "c1" });
    expect([wasAsked(), signs]).toEqual([false, []]);
    noteAnswer();
    noteAnswer();
    give({ text: "deeper" });
    expect(signs).toEqual([{ type: "taken", text: "dig", id: "c1" }, { type: "answer" }]);
    noteAnswer();
    expect(signs.slice(2)).toEqual([{ type: "taken", text: "deeper" }, { type: "answer" }]);
    expect(wasAsked()).toBe(true);
  });

  test("says the words of one piece together, without blanks around them, and nothing for blanks alone", () => {
    const { addWords, flushWords, words, said } = turn();
    for (const piece of ["\n I ", "dig. ", "\n"]) addWords(piece);
    flushWords();
    addWords(" \n");
    flushWords();
    expect([words, said()]).toEqual([["I dig."], "I dig."]);
    addWords("Done.");
    flushWords();
    expect([words, said()]).toEqual([["I dig.", "Done."], "Done."]);
  });

  test("forgets with the next prompt what the one before has shown, and not that the turn is cut off", () => {
    const made = turn();
    made.begin({ text: "dig" });
    made.noteAnswer();
    made.addWords("no");
    made.flushWords();
    made.noteRefusal({ reason: "why" } as Parameters<typeof made.noteRefusal>[0]);
    made.cutOff();
    expect([made.refusals().length, made.said()]).toEqual([1, "no"]);
    made.begin({ text: "go on" });
    expect([made.refusals(), made.said(), made.wasAsked()]).toEqual([[], "", false]);
    expect([made.isCutOff(), made.signal.aborted]).toEqual([true, true]);
  });
});

test("createAcpSteering() gives each text once: to the agent that asks for it, or back when the turn is over", async () => {
  const { offer, take, turnOver } = createAcpSteering();
  const taken = [offer({ text: "a", id: "c1" }), offer({ text: "b" })];
  expect(take()).toEqual([{ text: "a", id: "c1" }, { text: "b" }]);
  expect(await Promise.all(taken)).toEqual(["steered", "steered"]);
  const late = offer({ text: "c" });
  turnOver();
  expect(await late).toBe("busy");
  expect(take()).toEqual([]);
});
