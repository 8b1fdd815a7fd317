import { expect, test } from "bun:test";
import { isModelRequest, llamaFieldsFor, modelOf, withFields } from "../../src/model-gate/model-requests.ts";

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

test("llamaFieldsFor() adds the slot where llama.cpp takes one, and asks for progress where it streams it", () => {
  const path = "/v1/chat/completions";
  expect(llamaFieldsFor(path, '{"a":[1]}', 2)).toEqual({ id_slot: 2 });
  expect(llamaFieldsFor(path, '{"stream":true}', undefined)).toEqual({ return_progress: true });
  expect(llamaFieldsFor(path, '{"stream":true}', 2)).toEqual({ id_slot: 2, return_progress: true });
  expect(llamaFieldsFor(path, '{"stream":true,"id_slot":1,"return_progress":false}', 2)).toEqual({});
  expect(llamaFieldsFor("/completion", '{"stream":true}', 2)).toEqual({ id_slot: 2 });
  expect(llamaFieldsFor("/v1/responses", '{"stream":true}', 2)).toEqual({
    id_slot: 2,
    return_progress: true,
  });
  expect(llamaFieldsFor("/v1/messages", '{"stream":true}', 2)).toEqual({});
  for (const body of ["no JSON", "null", "[1]"]) expect(llamaFieldsFor(path, body, 2)).toEqual({});
});

test.each([
  ['{"a":[1],"b":{"c":2}}', { id_slot: 2 }, '{"id_slot":2,"a":[1],"b":{"c":2}}'],
  [
    ' {\n "max": 9007199254740993 }',
    { return_progress: true },
    ' {"return_progress":true,\n "max": 9007199254740993 }',
  ],
  ["{ }", { id_slot: 0, return_progress: true }, '{"id_slot":0,"return_progress":true }'],
  ['{"a":1}', {}, '{"a":1}'],
] as const)("withFields() changes nothing else of %p", (body, fields, changed) => {
  expect(withFields(body, fields)).toBe(changed);
});
