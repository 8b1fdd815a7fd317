// What fields of messages take: figures, times, texts and ids, with words for what they do not take.
import { expect, test } from "bun:test";
import * as v from "valibot";
import {
  anyObject,
  count,
  shortText,
  TokenSchema,
  timestamp,
  wholeNumber,
} from "../../../src/domain/wire/fields.ts";

const problem = (schema: v.GenericSchema, value: unknown) => v.safeParse(schema, value).issues?.[0]?.message;

test.each([
  [count("percent"), 0, undefined],
  [count("percent"), 0.5, undefined],
  [count("percent"), -0.1, "percent is below 0"],
  [count("percent"), Number.POSITIVE_INFINITY, "percent must be finite"],
  [count("percent"), "7", "percent must be a number"],
  [wholeNumber("seq"), 7, undefined],
  [wholeNumber("seq"), 7.5, "seq must be a whole number"],
  [wholeNumber("seq"), 2 ** 60, "seq must be a whole number"],
  [shortText("kind"), "x".repeat(1_024), undefined],
  [shortText("kind"), "x".repeat(1_025), "kind is longer than 1,024 characters"],
  [shortText("kind"), 7, "kind must be text"],
  [timestamp, undefined, undefined],
  [timestamp, "2026-01-01T00:00:00Z", undefined],
  [timestamp, "soon", "timestamp must be an RFC 3339 time"],
  [anyObject("payload"), {}, undefined],
  [anyObject("payload"), [], "payload must be an object"],
  [anyObject("payload"), null, "payload must be an object"],
])("a field (%#) takes a value, or says what is wrong with it", (schema, value, words) => {
  expect(problem(schema, value)).toBe(words as string);
});

test("TokenSchema takes what is one token of a subject, and no wildcard", () => {
  const tokens = ["a", "0-_Z", "x".repeat(128)];
  expect(tokens.filter((text) => problem(TokenSchema, text) === undefined)).toEqual(tokens);
  for (const text of ["", "a.b", "*", ">", "a b", "x".repeat(129), "a\n"])
    expect(problem(TokenSchema, text)).toBe("the id must be 1 to 128 letters, digits, _ or -");
});
