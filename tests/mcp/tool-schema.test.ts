import { expect, test } from "bun:test";
import * as v from "valibot";
import { toolInputSchema } from "../../src/mcp/tool-schema.ts";

const options = { target: "draft-2020-12" } as const;

test("toolInputSchema() tells of limits that a model may meet, not of wide ones nor of an empty list", () => {
  const schema = v.object({
    short: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(58))),
    long: v.optional(v.pipe(v.string(), v.maxLength(20_000))),
    several: v.optional(v.array(v.pipe(v.string(), v.maxLength(1_000)))),
  });
  expect(toolInputSchema(schema)["~standard"].jsonSchema.input(options)).toEqual({
    type: "object",
    properties: {
      short: { type: "string", minLength: 1, maxLength: 58 },
      long: { type: "string" },
      several: { type: "array", items: { type: "string" } },
    },
  });
});

test("toolInputSchema() still refuses what is beyond a limit that it does not tell of", async () => {
  const schema = toolInputSchema(v.object({ note: v.pipe(v.string(), v.maxLength(4_000)) }));
  const { issues } = await schema["~standard"].validate({ note: "x".repeat(4_001) });
  expect(issues?.[0]?.message).toContain("4000");
});

test("toolInputSchema() keeps an argument that is named as a word of JSON Schema is", () => {
  const schema = toolInputSchema(v.object({ required: v.string(), maxLength: v.number() }));
  expect(schema["~standard"].jsonSchema.input(options)).toMatchObject({
    properties: { required: { type: "string" }, maxLength: { type: "number" } },
    required: ["required", "maxLength"],
  });
});
