// Turns a valibot schema into what the MCP SDK takes: one that also gives its JSON Schema.
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";

/**
 * JSON Schema has no word for a brand: it is left out (@valibot/to-json-schema 1.8 refuses it unless told so). And so is
 * `$schema`: the dialect is the one that MCP takes by default (2025-11-25, tools), and its address fifteen times over would
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

/** A text this long is no slip of a model: it is told of the limit when it passes it, and spared the words until then. */
const wideLimit = 1_000;

/** Also leaves out an empty `required`. Both cost context in every agent, and tell its model nothing that it needs. */
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
