// What a person sees of the loop's turn, as it comes.
import { describe, expect, test } from "bun:test";
import { createSpeaker } from "../../src/loop/speaker.ts";

function speaker() {
  const shown: string[] = [];
  const made = createSpeaker({
    message: (text) => void shown.push(text),
    thought: (text) => void shown.push(`(${text})`),
    notice: (text, isRetry) => void shown.push(`${isRetry ? "!" : "i"} ${text}`),
  });
  return { ...made, shown };
}

describe("createSpeaker()", () => {
  test("shows words as they come, and the answer not once more", () => {
    const { begin, onText, answer, shown } = speaker();
    begin("native");
    for (const piece of ["I ", "dig."]) onText(piece);
    answer("I dig.");
    expect(shown).toEqual(["I ", "dig."]);
  });

  test("holds back what may become a call; what was none is shown whole", () => {
    const { begin, onText, answer, shown } = speaker();
    begin("native");
    for (const piece of ["\n", "{", '"a": 1}']) onText(piece);
    expect(shown).toEqual([]);
    answer('{"a": 1}');
    expect(shown).toEqual(['{"a": 1}']);
    begin("native");
    onText("[");
    answer(""); // it was a call
    expect(shown).toHaveLength(1);
  });

  test("shows of an answer that is forced into a call only its words", () => {
    const { begin, onText, answer, shown } = speaker();
    begin("schema");
    onText("words of the call");
    expect(shown).toEqual([]);
    answer("done");
    expect(shown).toEqual(["done"]);
  });

  test("says once why it waits, until something comes, and forgets what was held back before", () => {
    const { begin, onText, onWait, answer, shown } = speaker();
    begin("native");
    onText("{half");
    onWait("away");
    onWait("away");
    onWait("busy");
    begin("native");
    onText("[");
    onWait("busy");
    expect(shown).toEqual(["! away", "! busy", "! busy"]);
    begin("native");
    onText("Hello");
    answer("Hello");
    expect(shown.at(-1)).toBe("Hello");
  });

  test("says what was left out, which is no retry", () => {
    const { shortened, shown } = speaker();
    shortened(3);
    expect(shown).toEqual([
      "i 3 old messages and results were left out, because the model's context is full",
    ]);
  });
});
