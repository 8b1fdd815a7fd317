// Which calls of an answer the loop runs, and which of its words are an answer.
import { describe, expect, test } from "bun:test";
import { readCalls, wireCall } from "../../../src/loop/model/read-calls.ts";

const names = ["read_file", "run"];
const answer = (text: string, more: object = {}) =>
  readCalls({ text, calls: [], isCutOff: false, usage: undefined, ...more }, names);
const call = (args: string, name = "run") => ({ id: "c1", name, arguments: args });
const printed = (name: string, args: object) => JSON.stringify({ name, arguments: args });

describe("readCalls()", () => {
  test("takes the calls that were made, and no printed one beside them", () => {
    const made = answer(printed("read_file", {}), { calls: [call('{"command":"ls"}')] });
    expect(made.calls).toEqual([{ id: "c1", name: "run", arguments: { command: "ls" } }]);
    expect(made.text).toBe(printed("read_file", {}));
  });

  test.each([
    ['{"command":"ls"}', { command: "ls" }],
    ["", {}],
    ["  ", {}],
    ['{"command":"l', '{"command":"l'],
    ["[1]", "[1]"],
    ["null", "null"],
    ["7", "7"],
  ])("reads the arguments %p as %p", (written, read) => {
    expect(answer("", { calls: [call(written)] }).calls[0]?.arguments).toEqual(read);
  });

  test("runs a printed call, and does not show it as words", () => {
    const { text, calls } = answer(printed("run", { command: "ls" }));
    expect([text, calls.map(({ name, arguments: args }) => [name, args])]).toEqual([
      "",
      [["run", { command: "ls" }]],
    ]);
  });

  test("takes a printed answer for the answer, and runs no call beside it", () => {
    expect(answer(printed("answer", { text: " done " }))).toEqual({ text: "done", calls: [] });
    const both = `${printed("run", { command: "rm" })}\n${printed("answer", { text: "done" })}`;
    expect(answer(both)).toEqual({ text: "done", calls: [] });
    expect(answer(printed("answer", { words: "x" }))).toEqual({ text: '{"words":"x"}', calls: [] });
  });

  test("takes no call that cannot be read for an answer, so that nobody thinks that the work is done", () => {
    const unknown = printed("reed_file", { path: "a" });
    expect(answer(unknown)).toEqual({ text: "", calls: [], unread: unknown });
  });

  test("takes the beginning of a call that was cut off for nothing, and words that were cut off for words", () => {
    expect(answer('{"name": "run", "argu', { isCutOff: true })).toEqual({ text: "", calls: [] });
    expect(answer("I have dug so", { isCutOff: true })).toEqual({ text: "I have dug so", calls: [] });
  });

  test("leaves words as they are", () => {
    expect(answer("I dug.")).toEqual({ text: "I dug.", calls: [] });
  });
});

test("wireCall() never sends back arguments that are no JSON object, which the server would refuse for good", () => {
  const [broken] = answer("", { calls: [call('{"command":"l')] }).calls;
  const [well] = answer("", { calls: [call('{"command":"ls"}')] }).calls;
  expect([broken, well].map((each) => each && wireCall(each))).toEqual([
    call("{}"),
    call('{"command":"ls"}'),
  ]);
});
