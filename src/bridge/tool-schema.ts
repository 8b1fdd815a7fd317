// Turns a valibot schema into what the MCP SDK takes: one that also gives its JSON Schema.
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";

/**
 * Leaves out brands, which JSON Schema does not know (@valibot/to-json-schema 1.8 refuses them otherwise), and
 * `$schema`: the dialect is MCP's default (2025-11-25, tools), and its address in every tool would
 * cost the agent its context.
 */
export function toolInputSchema<TSchema extends v.GenericSchema>(schema: TSchema) {
  const standard = toStandardJsonSchema(schema)["~standard"];
  const { input, output } = standard.jsonSchema;
  const libraryOptions = { ignoreActions: ["brand"] };
  return {
    "~standard": {
      ...standard,
      jsonSchema: {
        input: (options: Parameters<typeof input>[0]) => {
          const { $schema: _dialect, ...schema } = input({ ...options, libraryOptions });
          return withoutWideLimits(schema) as typeof schema;
        },
        output: (options: Parameters<typeof output>[0]) => output({ ...options, libraryOptions }),
      },
    },
  };
}

/** Limits from this length on are left out. A model rarely writes so long a text, and learns the limit from the error. */
const wideLimit = 1_000;

/** Also leaves out an empty `required`. Both cost context in every agent, and its model does not need them. */
function withoutWideLimits(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutWideLimits);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([name, value]) => !(name === "maxLength" && value >= wideLimit))
      .filter(([name, value]) => !(name === "required" && Array.isArray(value) && value.length === 0))
      .map(([name, value]) => [name, withoutWideLimits(value)]),
  );
}
