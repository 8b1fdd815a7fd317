import { expect, test } from "bun:test";
import fc from "fast-check";
import { createThoughtSplitter } from "../../../src/loop/model/thought-splitter.ts";

function split(pieces: readonly string[]) {
  const out = { text: "", thought: "" };
  const splitter = createThoughtSplitter({
    onText: (text) => {
      out.text += text;
    },
    onThought: (text) => {
      out.thought += text;
    },
  });
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return out;
}

test("createThoughtSplitter() > splits the same, however the text is cut into pieces", () => {
  const text = "a<think>b < c</think>d <i> e<think>f</think>";
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
      const places = [0, ...cuts.sort((one, other) => one - other), text.length];
      const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
      expect(split(pieces)).toEqual({ text: "ad <i> e", thought: "b < cf" });
    }),
  );
});

test("createThoughtSplitter() > loses nothing of a text that ends in half a tag", () => {
  expect(split(["is 1 <th"])).toEqual({ text: "is 1 <th", thought: "" });
  expect(split(["<think>open"])).toEqual({ text: "", thought: "open" });
});

test("createThoughtSplitter() > drops an end without its beginning, which the prompt has opened", () => {
  expect(split(["hm</think>yes"])).toEqual({ text: "hmyes", thought: "" });
});
