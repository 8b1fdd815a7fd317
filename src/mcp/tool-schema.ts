// This room holds what all MCP servers of this program share, whichever way their clients reach them.
//
// Gives the MCP SDK a valibot schema together with the JSON Schema that is made from it.
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";

/**
 * Leaves out brands, because JSON Schema has none (@valibot/to-json-schema 1.8 refuses them otherwise). Leaves out
 * `$schema`, because the dialect is MCP's default (2025-11-25, tools), and its address in every tool would cost context.
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

/** Limits of this length and more are left out: a model rarely writes so long a text, and the error tells it the limit. */
const wideLimit = 1_000;

/** Removes wide limits and an empty `required`, because the model does not need them, and they cost context in every agent. */
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
