// Makes GET /openapi.json of the operations. OpenAPI 3.1 takes JSON Schema of 2020-12 as it is.
import { type ConversionConfig, toJsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import * as v from "valibot";
import { scopesFor } from "../../../domain/access/token-scopes.ts";
import { RequestSchema } from "../../../domain/requests.ts";
import {
  AgentSchema,
  AxesSchema,
  FleetNeedSchema,
  ModelServerSchema,
  NeedSchema,
  OrderSchema,
} from "./agent-answers.ts";
import { type Answer, type Operation, type Parameter, refusals, refusalsOf } from "./operation.ts";
import { operations } from "./operations.ts";
import { HealthSchema, RecordSchema, TimelineLineSchema } from "./report-answers.ts";

const text = v.string();
const ProblemSchema = v.object({
  error: v.object({ code: text, message: text, hint: v.optional(text) }),
});

/** The schemas that have a name in the description. */
const named = {
  Agent: AgentSchema,
  Axes: AxesSchema,
  FleetNeed: FleetNeedSchema,
  Health: HealthSchema,
  ModelServer: ModelServerSchema,
  Need: NeedSchema,
  Order: OrderSchema,
  Problem: ProblemSchema,
  Record: RecordSchema,
  Request: RequestSchema,
  TimelineLine: TimelineLineSchema,
} as const;

const options: Omit<ConversionConfig, "definitions"> = {
  target: "draft-2020-12",
  typeMode: "input",
  // What JSON Schema has no words for is left out, and checked all the same.
  errorMode: "ignore",
  ignoreActions: ["brand"],
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
};

function schemaJson(schema: v.GenericSchema): object {
  const {
    $schema: _dialect,
    $defs: _named,
    ...json
  } = toJsonSchema(schema, { ...options, definitions: named });
  return json;
}

/** The description of the HTTP API, as the value of GET /openapi.json. */
export function buildOpenApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationJson(operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "cliai",
      version,
      description: "The HTTP API of cliai serve. Fields that are not described may be added.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: toJsonSchemaDefs(named, options),
      responses: Object.fromEntries(
        Object.entries(refusals).map(([status, words]) => [status, problemJson(words)]),
      ),
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "the token that `cliai token` prints, or one that `cliai token add` has made",
        },
      },
    },
  };
}

function problemJson(description: string): object {
  return {
    description,
    content: { "application/json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
}

function operationJson(operation: Operation): object {
  const { method, path, id, summary, query = {}, headers = {}, body, answers, isOpen } = operation;
  const scopes = scopesFor(method.toUpperCase(), path.replaceAll(/[{}]/g, ""));
  const who =
    scopes.length === 0 ? "only the operator's own token" : `a token with the scope ${scopes.join(" or ")}`;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    ...{ name, in: "path", required: true, schema: { type: "string", minLength: 1 } },
  }));
  const parameters = [
    ...inPath,
    ...Object.entries(query).map(([name, each]) => parameterJson(name, "query", each)),
    ...Object.entries(headers).map(([name, each]) => parameterJson(name, "header", each)),
  ];
  return {
    operationId: id,
    summary,
    ...(isOpen === true ? { security: [] } : { description: `Allowed for ${who}.` }),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { "application/json": { schema: schemaJson(body) } } },
    }),
    responses: {
      ...Object.fromEntries(
        refusalsOf(operation).map((status) => [status, { $ref: `#/components/responses/${status}` }]),
      ),
      ...Object.fromEntries(Object.entries(answers).map(([status, each]) => [status, answerJson(each)])),
    },
  };
}

function parameterJson(name: string, place: "query" | "header", parameter: Parameter): object {
  const { schema, description, isRequired = false } = parameter;
  return { name, in: place, description, required: isRequired, schema: schemaJson(schema) };
}

function answerJson({ description, content, headers = {} }: Answer): object {
  const bodies = Object.entries(content).map(([type, schema]) => [type, { schema: schemaJson(schema) }]);
  const fields = Object.entries(headers).map(([name, { schema, description: words, isRequired = false }]) => [
    name,
    { description: words, required: isRequired, schema: schemaJson(schema) },
  ]);
  return {
    description,
    ...(fields.length > 0 && { headers: Object.fromEntries(fields) }),
    content: Object.fromEntries(bodies),
  };
}
