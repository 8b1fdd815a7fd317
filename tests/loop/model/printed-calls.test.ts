import { expect, test } from "bun:test";
import { isUnreadCall, mayBecomeCall, readPrintedCalls } from "../../../src/loop/model/printed-calls.ts";

const names = ["read_file", "search"];
const call = '{"name": "read_file", "arguments": {"path": "a"}}';
const found = (text: string) =>
  readPrintedCalls(text, names).map(({ name, arguments: args }) => [name, args]);
const one = [["read_file", '{"path":"a"}']];

test.each([
  ["nothing but a call", call],
  ["with line breaks and space around", `\n  ${call}\n`],
  ["a fenced block", `\`\`\`json\n${call}\n\`\`\``],
  ["words, and a fenced block at the end", `I read it:\n\`\`\`json\n${call}\n\`\`\`\n`],
  ["tags", `<tool_call>\n${call}\n</tool_call>`],
  ["a tag that was not closed, after words", `So I do it. <tool_call>${call}`],
  ["parameters in place of arguments", '{"name": "read_file", "parameters": {"path": "a"}}'],
  ["arguments as text", '{"name": "read_file", "arguments": "{\\"path\\":\\"a\\"}"}'],
  ["the form of the API", `{"type":"function","function":${call}}`],
  ["a name under `function`", '{"function": "read_file", "arguments": {"path": "a"}}'],
  ["a list of one", `[${call}]`],
])("readPrintedCalls() finds a call: %s", (_, text) => {
  expect(found(text)).toEqual(one);
});

test("readPrintedCalls() finds several: one a line, in a list, in tags", () => {
  const two = '{"name": "search", "arguments": {"text": "b"}}';
  for (const text of [
    `${call}\n${two}`,
    `[${call},${two}]`,
    `<tool_call>${call}</tool_call><tool_call>${two}</tool_call>`,
  ])
    expect(found(text).map(([name]) => name)).toEqual(["read_file", "search"]);
});

test.each([
  ["an example in the middle of prose", `You could write ${call} to read it.`],
  ["a fenced example with words after it", `\`\`\`\n${call}\n\`\`\`\nThat would read it.`],
  ["two fenced blocks", `\`\`\`\n${call}\n\`\`\`\n\`\`\`\n${call}\n\`\`\``],
  ["an unknown tool", '{"name": "rm", "arguments": {}}'],
  ["JSON without a name", '{"note": "one line", "state": "working"}'],
  ["half of a call", call.slice(0, -10)],
  ["a call beside other JSON", `${call}\n{"a":1}`],
  ["nothing", ""],
])("readPrintedCalls() finds none in %s", (_, text) => {
  expect(found(text)).toEqual([]);
});

test.each([
  [true, "an unknown tool", '{"name": "rm", "arguments": {}}'],
  [true, "an unknown tool in tags", '<tool_call>{"name": "rm"}</tool_call>'],
  [true, "broken JSON", '{"name": "search", "arguments": {"text": "a "b""}}'],
  [true, "broken JSON in a fence", '```json\n{"name": "search", "arguments": {"text": "a "b""}}\n```'],
  [true, "broken JSON in a tag, after words", 'So I do it. <tool_call>{"name": "search", "argu'],
  [true, "a result that the model has made up", `${call}\nThe file says beta.`],
  [false, "words", "It says beta."],
  [false, "JSON without a name", '{"note": "one line", "state": "working"}'],
  [false, "JSON with a name and no arguments", '{"name": "cliai", "version": "1"}'],
  [false, "an example in the middle of prose", `You could write ${call} to read it.`],
  [false, "a tag as an example", `A call is <tool_call>${call}</tool_call>, and its result follows.`],
  [false, "a fenced example with words after it", `\`\`\`\n${call}\n\`\`\`\nThat would read it.`],
  [false, "nothing", ""],
])("isUnreadCall() is %s for %s", (isUnread, _, text) => {
  expect(isUnreadCall(text)).toBe(isUnread);
});

test("readPrintedCalls() gives each call an id of its own, in every answer", () => {
  const ids = [...readPrintedCalls(`[${call},${call}]`, names), ...readPrintedCalls(call, names)].map(
    ({ id }) => id,
  );
  expect(new Set(ids).size).toBe(3);
});

test("mayBecomeCall() is true until the first character says otherwise", () => {
  expect(["", " \n", "{", "```json", "<tool_call>", "["].every(mayBecomeCall)).toBe(true);
  expect(["I", "  done", "3 files"].some(mayBecomeCall)).toBe(false);
});
