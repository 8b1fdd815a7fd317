import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelAnswer } from "../../../src/loop/model/model-answer.ts";
import { readAnswer } from "../../../src/loop/model/read-answer.ts";
import { readCalls } from "../../../src/loop/model/read-calls.ts";

async function* bytesOf(text: string, pieceLength = 50): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += pieceLength) yield bytes.subarray(at, at + pieceLength);
}

async function read(text: string, pieceLength?: number, hasThoughts = true) {
  const shown = { text: "", thought: "" };
  const answer = await readAnswer(
    bytesOf(text, pieceLength),
    { url: "http://model", hasThoughts },
    {
      onText: (piece) => {
        shown.text += piece;
      },
      onThought: (piece) => {
        shown.thought += piece;
      },
    },
  );
  return { answer, shown };
}

const sample = (name: string) => readFile(join(import.meta.dirname, "../samples", name), "utf8");
const frame = (chunk: object) => `data: ${JSON.stringify(chunk)}\n\n`;
const delta = (part: object, finish_reason: string | null = null) =>
  frame({ choices: [{ index: 0, delta: part, finish_reason }] });

describe("readAnswer() of what real servers have sent", () => {
  test("llama.cpp: a call in many pieces, with usage and speed", async () => {
    const { answer } = await read(await sample("llama-cpp-tool-call.txt"));
    expect(answer.calls).toHaveLength(1);
    expect(answer.calls[0]).toMatchObject({ id: "ZUwrlCqU6tqsA91i42cjWtYd7OeiERD8", name: "read_file" });
    expect(Object.keys(JSON.parse(answer.calls[0]?.arguments ?? ""))).toEqual(["path", "why"]);
    expect(answer.usage).toMatchObject({ promptTokens: 113, answerTokens: 29, cachedTokens: 0 });
    expect(answer.usage?.tokensPerS).toBeCloseTo(2.59, 2);
  });

  test("Ollama: a whole call in one piece", async () => {
    const { answer } = await read(await sample("ollama-tool-call.txt"));
    expect(answer.calls).toEqual([
      { id: "call_8yfqfymd", name: "read_file", arguments: '{"path":"/path/to/README.md"}' },
    ]);
    expect(answer.usage).toMatchObject({ promptTokens: 190, answerTokens: 21 });
  });

  test.each([
    ["llama-cpp-printed-call.txt", "report_status"],
    ["llama-cpp-fenced-call.txt", "read_file"],
  ])("a call that the model has only printed is read from %s", async (name, tool) => {
    const { answer } = await read(await sample(name));
    expect(answer.calls).toEqual([]);
    const { calls, text } = readCalls(answer, ["report_status", "read_file", "shell"]);
    expect(calls.map((call) => call.name)).toEqual([tool]);
    expect(text).toBe("");
  });

  test("prose without end is cut off, and says so", async () => {
    const { answer } = await read(await sample("llama-cpp-prose-without-end.txt"));
    expect(answer.isCutOff).toBe(true);
    expect(answer.calls).toEqual([]);
    expect(answer.text.length).toBeGreaterThan(50);
  });
});

test("readAnswer() reads the same, however the bytes are cut", async () => {
  const text = delta({ content: "naïve – 你好" }) + delta({}, "stop");
  for (const pieceLength of [1, 3, 1_000])
    expect((await read(text, pieceLength)).answer.text).toBe("naïve – 你好");
});

test("readAnswer() takes calls of one index and different ids for different calls", async () => {
  const call = (id: string, name: string) => ({
    tool_calls: [{ index: 0, id, function: { name, arguments: "{}" } }],
  });
  const { answer } = await read(delta(call("a", "one")) + delta(call("b", "two")) + delta({}, "tool_calls"));
  expect(answer.calls.map(({ name }) => name)).toEqual(["one", "two"]);
});

test("readAnswer() keeps pieces of parallel calls apart by their index", async () => {
  const piece = (index: number, part: object, id?: string) => ({
    tool_calls: [{ index, ...(id && { id }), function: part }],
  });
  const { answer } = await read(
    delta(piece(0, { name: "one", arguments: '{"a":' }, "x")) +
      delta(piece(1, { name: "two", arguments: '{"b":' }, "y")) +
      delta(piece(0, { arguments: "1}" })) +
      delta(piece(1, { arguments: "2}" })) +
      delta({}, "tool_calls"),
  );
  expect(answer.calls.map(({ name, arguments: args }) => [name, args])).toEqual([
    ["one", '{"a":1}'],
    ["two", '{"b":2}'],
  ]);
});

test("readAnswer() tells thoughts apart, in the text or in a field of their own", async () => {
  const { answer, shown } = await read(
    delta({ reasoning_content: "first " }) +
      delta({ content: "<thi" }) +
      delta({ content: "nk>then</think>Done" }) +
      delta({ content: "." }, "stop"),
  );
  expect(answer.text).toBe("Done.");
  expect(shown).toEqual({ text: "Done.", thought: "first then" });
});

test("readAnswer() leaves tags in a forced call as they are: they belong to an argument", async () => {
  const text = JSON.stringify({ name: "write_file", arguments: { text: "<think>x</think>" } });
  const { answer } = await read(delta({ content: text }, "stop"), 50, false);
  expect(answer.text).toBe(text);
});

test("readAnswer() takes a stream that ends without a reason for a server that went away", async () => {
  await expect(read(delta({ content: "half" }))).rejects.toMatchObject({ name: "NotNow", state: "away" });
});

test("readAnswer() throws what an error in the stream says", async () => {
  const error = frame({ error: { code: 500, message: "Context shift is disabled" } });
  await expect(read(delta({ content: "a" }) + error)).rejects.toMatchObject({
    name: "UnreadAnswer",
    message: "500 Context shift is disabled",
  });
});

test("readCalls() keeps arguments that are no JSON object as text, and reads empty ones as none", () => {
  const answer = (args: string): ModelAnswer => ({
    ...{ text: "", isCutOff: false, usage: undefined },
    calls: [{ id: "1", name: "read_file", arguments: args }],
  });
  const read = (args: string) => readCalls(answer(args), ["read_file"]).calls[0]?.arguments;
  expect(read('{"path": "a')).toBe('{"path": "a');
  expect(read("[1]")).toBe("[1]");
  expect(read("")).toEqual({});
  expect(read('{"path":"a"}')).toEqual({ path: "a" });
});

test("readCalls() ends a turn with the call that a forced answer makes for it", () => {
  const text = JSON.stringify({ name: "answer", arguments: { text: " It is done. " } });
  const answer: ModelAnswer = { text, calls: [], isCutOff: false, usage: undefined };
  expect(readCalls(answer, ["read_file"])).toEqual({ text: "It is done.", calls: [] });
});
