import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readOllamaAnswer } from "../../../src/loop/model/read-ollama-answer.ts";

const url = "http://model";
const sample = (name: string) => readFile(join(import.meta.dirname, "../samples", name), "utf8");
const line = (value: object) => `${JSON.stringify(value)}\n`;

async function* bytesOf(text: string, pieceLength: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += pieceLength) yield bytes.subarray(at, at + pieceLength);
}

async function read(text: string, pieceLength = 50) {
  const shown = { text: "", thought: "" };
  const answer = await readOllamaAnswer(
    bytesOf(text, pieceLength),
    { url, hasThoughts: true },
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

test("readOllamaAnswer() reads what Ollama 0.17.4 has sent: an answer of as many tokens as it may have, with its figures", async () => {
  for (const pieceLength of [1, 50, 10_000]) {
    const { answer, shown } = await read(await sample("ollama-chat-length.txt"), pieceLength);
    expect(answer).toMatchObject({
      calls: [],
      isCutOff: true,
      usage: { promptTokens: 12, answerTokens: 12 },
    });
    expect(answer.usage?.tokensPerS).toBeCloseTo(24.2, 1);
    expect(shown.text).toEndWith(" things");
  }
});

test("readOllamaAnswer() reads what Ollama 0.17.4 has sent: an answer that has no end, because one token came 31 times", async () => {
  const { answer } = await read(await sample("ollama-chat-repeats-itself.txt"));
  expect(answer).toEqual({ text: `"${"0".repeat(31)}`, calls: [], isCutOff: true, usage: undefined });
});

test("readOllamaAnswer() reads calls, each whole, with or without an id; and thoughts", async () => {
  const call = (name: string, id?: string) => ({
    ...(id !== undefined && { id }),
    function: { index: 0, name, arguments: { path: "a", n: 1 } },
  });
  const message = (more: object) => ({ message: { role: "assistant", content: "", ...more }, done: false });
  const { answer, shown } = await read(
    line(message({ thinking: "hm" })) +
      line(message({ tool_calls: [call("one", "call_abcdefgh")] })) +
      line(message({ tool_calls: [call("two"), call("three")] })) +
      line({ ...message({}), done: true, done_reason: "stop", prompt_eval_count: 33, eval_count: 7 }),
  );
  expect(answer.calls.map(({ name, arguments: args }) => [name, args])).toEqual(
    ["one", "two", "three"].map((name) => [name, '{"path":"a","n":1}']),
  );
  expect(new Set(answer.calls.map(({ id }) => id)).size).toBe(3);
  expect([answer.calls[0]?.id, answer.isCutOff, shown.thought]).toEqual(["call_abcdefgh", false, "hm"]);
});
