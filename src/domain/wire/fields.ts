// Schemas of fields that several messages have. Their errors say in plain words what is wrong with a value.
import * as v from "valibot";

const boundedText = (name: string, most: number) =>
  v.pipe(
    v.string(`${name} must be text`),
    v.maxLength(most, `${name} is longer than ${most.toLocaleString("en")} characters`),
  );

export const shortText = (name: string) => boundedText(name, 1_024);

export const path = (name: string) => boundedText(name, 4_096);

/** A text of a person or a model, of any length: a whole message is limited to 8 MB, and `src/domain/fleet/reduce/` keeps only a part. */
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

/** An id that can be one token of a subject: command ids, request ids, message ids. */
export const TokenSchema = v.pipe(
  v.string("the id must be text"),
  v.regex(/^[A-Za-z0-9_-]{1,128}$/, "the id must be 1 to 128 letters, digits, _ or -"),
);

/**
 * A random token that `serve` or `cliai send` gives an order when it stores it. Receipts that name it belong to that order only, not to
 * another one with the same id. No other agent can read it.
 */
export const orderToken = v.optional(TokenSchema);
