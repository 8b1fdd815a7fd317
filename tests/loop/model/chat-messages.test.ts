import { expect, test } from "bun:test";
import { callSchema, type Message, toolList, wireMessages } from "../../../src/loop/model/chat-messages.ts";

const messages: readonly Message[] = [
  { role: "system", content: "Work." },
  { role: "user", content: "Go.", isPrompt: true },
  { role: "assistant", content: "", calls: [{ id: "1", name: "read_file", arguments: '{"path":"a"}' }] },
  { role: "tool", callId: "1", name: "read_file", content: "beta" },
  { role: "user", content: "And now?" },
  { role: "assistant", content: "Done." },
];

test("wireMessages() native > calls and their results as the API has them", () => {
  expect(wireMessages(messages, "native", "openai").slice(1, 4)).toEqual([
    { role: "user", content: "Go." },
    {
      role: "assistant",
      content: "",
      tool_calls: [{ id: "1", type: "function", function: { name: "read_file", arguments: '{"path":"a"}' } }],
    },
    { role: "tool", tool_call_id: "1", content: "beta" },
  ]);
});

test("wireMessages() native > Ollama takes arguments as an object, and the name of a result's tool", () => {
  expect(wireMessages(messages, "native", "ollama").slice(2, 4)).toEqual([
    {
      role: "assistant",
      content: "",
      tool_calls: [{ id: "1", type: "function", function: { name: "read_file", arguments: { path: "a" } } }],
    },
    { role: "tool", tool_call_id: "1", tool_name: "read_file", content: "beta" },
  ]);
});

test("wireMessages() schema > calls are the model's text, results come from the user, and no role follows itself", () => {
  expect(wireMessages(messages, "schema", "openai")).toEqual([
    { role: "system", content: "Work." },
    { role: "user", content: "Go." },
    { role: "assistant", content: '{"name":"read_file","arguments":{"path":"a"}}' },
    { role: "user", content: "Result of read_file:\nbeta\n\nAnd now?" },
    { role: "assistant", content: '{"name":"answer","arguments":{"text":"Done."}}' },
  ]);
});

test("toolList() has a line a tool, with its arguments and which may be left out", () => {
  const parameters = { type: "object", properties: { path: {}, from_line: {} }, required: ["path"] };
  expect(toolList([{ name: "read_file", description: "Read a file.", parameters }])).toBe(
    "- read_file(path, from_line?): Read a file.",
  );
});

test("callSchema() binds the form of the arguments alone, because Ollama refuses a schema with a pattern that it cannot read", () => {
  const text = { type: "string", minLength: 1, pattern: "\\S", maxLength: 7_000_000, description: "words" };
  const parameters = {
    type: "object",
    properties: {
      pattern: text,
      to: { anyOf: [text, { type: "null" }] },
      list: { type: "array", items: text },
    },
    required: ["pattern"],
  };
  const plain = { type: "string" };
  expect(callSchema([{ name: "say", description: "Say.", parameters }])).toMatchObject({
    anyOf: [
      {
        properties: {
          arguments: {
            properties: { pattern: plain, to: { anyOf: [plain, { type: "null" }] }, list: { items: plain } },
            required: ["pattern"],
          },
        },
      },
    ],
  });
  expect(JSON.stringify(callSchema([{ name: "say", description: "Say.", parameters }]))).not.toMatch(
    /maxLength|minLength|\\\\S|words/,
  );
});
