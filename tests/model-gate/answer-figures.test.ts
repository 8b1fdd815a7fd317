import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createFigureReader, createRereadEstimate } from "../../src/model-gate/answer-figures.ts";

const sse = (...events: readonly object[]) =>
  events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join("");

/** In pieces of a few bytes, as they may come. */
function figuresOf(text: string, writtenMs = 2_000) {
  const reader = createFigureReader();
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += 7) reader.push(bytes.subarray(at, at + 7));
  return reader.end(writtenMs);
}

test.each([
  [
    "chat completions of llama.cpp, streamed",
    sse(
      { choices: [{ delta: { content: 'the "usage" of "timings"' } }] },
      {
        choices: [],
        usage: { prompt_tokens: 1_000, completion_tokens: 40, prompt_tokens_details: { cached_tokens: 900 } },
        timings: { cache_n: 900, prompt_n: 100, prompt_per_second: 200, predicted_per_second: 36.5 },
      },
    ),
    { tokensPerS: 36.5, cachedShare: 0.9, promptTokens: 1_000, promptPerS: 200 },
  ],
  [
    "chat completions of another server, not streamed",
    JSON.stringify({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 40 } }),
    { tokensPerS: 20, promptTokens: 10 },
  ],
  [
    "Anthropic messages",
    sse(
      {
        type: "message_start",
        message: { usage: { input_tokens: 104, cache_read_input_tokens: 887, output_tokens: 1 } },
      },
      { type: "message_delta", usage: { output_tokens: 30 } },
    ),
    { tokensPerS: 15, cachedShare: 887 / 991, promptTokens: 991 },
  ],
  [
    "OpenAI responses",
    sse({
      type: "response.completed",
      response: { usage: { input_tokens: 8, output_tokens: 10, input_tokens_details: { cached_tokens: 2 } } },
    }),
    { tokensPerS: 5, cachedShare: 0.25, promptTokens: 8 },
  ],
  [
    "Ollama's own API",
    '{"message":{"content":"x"},"done":false}\n{"done":true,"prompt_eval_count":50,"prompt_eval_duration":500000000,"eval_count":20,"eval_duration":1000000000}\n',
    { tokensPerS: 20, promptTokens: 50, promptPerS: 100 },
  ],
  ["an error", '{"error":{"code":400,"message":"no"}}', {}],
  [
    "too few tokens to tell a speed by",
    '{"usage":{"prompt_tokens":3,"completion_tokens":2}}',
    { promptTokens: 3 },
  ],
  ["figures that make no sense", '{"usage":"many","timings":null}', {}],
  [
    "numbers that are infinite",
    '{"usage":{"prompt_tokens":1e999,"completion_tokens":40},"timings":{"predicted_per_second":1e999}}',
    { tokensPerS: 20, promptTokens: 0 },
  ],
])("the figures of %s", (_what, text, figures) => {
  expect(figuresOf(text)).toEqual(figures);
});

test("createRereadEstimate() takes the speed of the last answer whose prompt the server has read", () => {
  const estimate = createRereadEstimate();
  expect(estimate({ promptTokens: 100 })).toBe(0);
  expect(estimate({ promptTokens: 1_000, promptPerS: 200 })).toBe(5_000);
  expect(estimate({ promptTokens: 1_200 })).toBe(6_000);
  const warm = { cache_n: 90, prompt_n: 1, prompt_per_second: 0.9, predicted_per_second: 0.7 };
  expect(figuresOf(JSON.stringify({ timings: warm })).promptPerS).toBeUndefined();
});

test("a real answer of llama.cpp b11549", () => {
  const sample = join(import.meta.dirname, "..", "loop", "samples", "llama-cpp-tool-call.txt");
  const { tokensPerS, cachedShare } = figuresOf(readFileSync(sample, "utf8"));
  expect(tokensPerS).toBeGreaterThan(0);
  expect(cachedShare).toBeGreaterThanOrEqual(0);
});
