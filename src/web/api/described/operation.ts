// This room describes the HTTP API for programs, in GET /openapi.json: each request that it takes, and each answer that it gives.
//
// The description of one operation. Its schemas are those that check the request, or that its answer is made of.
import type * as v from "valibot";

export interface Operation {
  readonly method: "get" | "post";
  /** With its parameters in braces: `/api/agents/{id}`. */
  readonly path: string;
  /** A name for generated clients. */
  readonly id: string;
  /** A line. */
  readonly summary: string;
  readonly query?: Readonly<Record<string, Parameter>>;
  readonly headers?: Readonly<Record<string, Parameter>>;
  /** The JSON that it takes. */
  readonly body?: v.GenericSchema;
  readonly answers: Readonly<Record<number, Answer>>;
  /** With which statuses it refuses, beside those that follow from its address and its body; see `refusalsOf`. */
  readonly refusals?: readonly RefusalStatus[];
  /** Whether it answers without a token. */
  readonly isOpen?: true;
}

export interface Parameter {
  readonly schema: v.GenericSchema;
  readonly description: string;
  readonly isRequired?: true;
}

export interface Answer {
  readonly description: string;
  /** By media type. */
  readonly content: Readonly<Record<string, v.GenericSchema>>;
  readonly headers?: Readonly<Record<string, Parameter>>;
}

/** Each status with which a request is refused. */
export const refusals = {
  400: "the request is not as it has to be",
  401: "the token or the session is missing, wrong or old",
  403: "the token does not allow it, another site asks for it, or it is refused",
  404: "there is no such agent, request, order or rule",
  409: "it does not fit what is there",
  413: "the body is over 8 MB",
  429: "too many wrong tokens",
  500: "it failed",
  503: "NATS or its store cannot be reached",
  504: "no answer came in time",
} as const;
export type RefusalStatus = keyof typeof refusals;

/** If NATS cannot be reached, if its store takes nothing, or if it does not answer in time. */
export const ofStore: readonly RefusalStatus[] = [503, 504];

/** The statuses with which the operation refuses a request. */
export function refusalsOf({ path, body, query, isOpen, refusals: more = [] }: Operation): RefusalStatus[] {
  const statuses = new Set<RefusalStatus>(more);
  // A foreign Host is refused everywhere.
  statuses.add(403);
  if (isOpen !== true) for (const status of [401, 429] as const) statuses.add(status);
  if (path.includes("{")) statuses.add(404);
  if (body !== undefined) for (const status of [400, 413] as const) statuses.add(status);
  if (Object.values(query ?? {}).some(({ schema }) => !takesAnyText(schema))) statuses.add(400);
  return [...statuses].sort((one, other) => one - other);
}

function takesAnyText(schema: v.GenericSchema): boolean {
  return schema.type === "string" && !("pipe" in schema);
}

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

type Promises<TSchema extends v.GenericSchema> = DeepReadonly<v.InferInput<TSchema>>;

/**
 * Returns a function that returns the schema of what an answer is made of. It compiles only if every value of the type fits the schema.
 */
export function schemaOf<Answered>() {
  return <TSchema extends v.GenericSchema>(
    schema: TSchema,
    ..._fits: Answered extends Promises<TSchema> ? [] : [error: "the schema promises more than the type has"]
  ): TSchema => schema;
}

/** An answer of JSON. */
export function json(description: string, schema: v.GenericSchema): Answer {
  return { description, content: { "application/json": schema } };
}
