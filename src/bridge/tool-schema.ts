// A valibot schema as the MCP SDK takes it: one that also gives its JSON Schema.
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
          return schema;
        },
        output: (options: Parameters<typeof output>[0]) => output({ ...options, libraryOptions }),
      },
    },
  };
}
