import { expect, test } from "bun:test";
import { isModelRequest, modelOf, withSlot } from "../../src/model-gate/model-requests.ts";

test.each([
  ["POST", "/v1/chat/completions", true],
  ["POST", "/v1/completions", true],
  ["POST", "/v1/responses", true],
  ["POST", "/v1/messages", true],
  ["POST", "/completion", true],
  ["POST", "/api/chat", true],
  ["POST", "/api/generate", true],
  ["GET", "/v1/responses", false],
  ["GET", "/v1/models", false],
  ["POST", "/v1/messages/count_tokens", false],
  ["POST", "/tokenize", false],
  ["POST", "/apply-template", false],
  ["POST", "/api/show", false],
])("isModelRequest(%p, %p) is %p", (method, path, is) => {
  expect(isModelRequest(method, path)).toBe(is);
});

test("modelOf() is the model's name, or nothing", () => {
  expect(['{"model":"qwen3"}', '{"model":7}', "{}", "null", "no JSON"].map(modelOf)).toEqual([
    "qwen3",
    "",
    "",
    "",
    "",
  ]);
});

test("withSlot() adds the slot where llama.cpp takes one, and changes nothing else", () => {
  const path = "/v1/chat/completions";
  expect(JSON.parse(withSlot(path, '{"a":[1]}', 2))).toEqual({ a: [1], id_slot: 2 });
  expect(withSlot(path, '{"id_slot": 1}', 2)).toBe('{"id_slot": 1}');
  expect(withSlot("/v1/messages", '{"a": 1}', 2)).toBe('{"a": 1}');
  for (const body of ["no JSON", "null", "[1]"]) expect(withSlot(path, body, 2)).toBe(body);
});
