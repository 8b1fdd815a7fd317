// The fields that the schemas of several messages have. Each says in plain words what is wrong with a value.
import * as v from "valibot";

const boundedText = (name: string, most: number) =>
  v.pipe(
    v.string(`${name} must be text`),
    v.maxLength(most, `${name} is longer than ${most.toLocaleString("en")} characters`),
  );

export const shortText = (name: string) => boundedText(name, 1_024);

export const path = (name: string) => boundedText(name, 4_096);

/** A person's or a model's words, taken whole: the message is bounded by the 8 MB of the path, and what is kept by domain/fleet/reduce-agent.ts. */
export const longText = (name: string) => v.string(`${name} must be text`);

export const count = (name: string) =>
  v.pipe(
    v.number(`${name} must be a number`),
    v.finite(`${name} must be finite`),
    v.minValue(0, `${name} is below 0`),
  );

export const wholeNumber = (name: string) =>
  v.pipe(count(name), v.safeInteger(`${name} must be a whole number`));

export const timestamp = v.optional(
  v.pipe(
    v.string("timestamp must be text"),
    v.check((text) => !Number.isNaN(Date.parse(text)), "timestamp must be an RFC 3339 time"),
  ),
);

export const anyObject = (name: string) =>
  v.custom<Record<string, unknown>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    `${name} must be an object`,
  );

/** A name that is one token of a subject: command ids, request ids, message ids. */
export const TokenSchema = v.pipe(
  v.string("the id must be text"),
  v.regex(/^[A-Za-z0-9_-]{1,128}$/, "the id must be 1 to 128 letters, digits, _ or -"),
);

/**
 * Drawn at random by whoever stores an order. Receipts that name it are of that order alone, and not of another one
 * under the same id. It stands in nothing that another agent can read.
 */
export const orderToken = v.optional(TokenSchema);
