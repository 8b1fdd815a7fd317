// What a model server's error means: whether to wait, to shorten the conversation, to ask anew, or to tell a person.
import { describe, expect, test } from "bun:test";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import {
  awayOf,
  failureOf,
  NoTools,
  NotNow,
  TooLong,
  UnreadAnswer,
} from "../../../src/loop/model/model-failure.ts";

const url = "http://gpu:8080";
const fail = (status: number, error: unknown) => failureOf(status, JSON.stringify({ error }), url);

describe("failureOf()", () => {
  test.each([503, 429])("waits for a server that is busy (%p)", (status) => {
    expect(fail(status, { message: "Loading model" })).toEqual(new NotNow("busy", `${status} Loading model`));
  });

  test("shortens a conversation that is too long, by the figures that the server has told", () => {
    const told = fail(400, { message: "exceeds", n_prompt_tokens: 9_000, n_ctx: 8_192 }) as TooLong;
    expect([told.name, told.tokens, told.limit]).toEqual(["TooLong", 9_000, 8_192]);
    const limit = fail(400, {
      message: "This model's maximum context length is 4096 tokens. However …",
    }) as TooLong;
    expect([limit.name, limit.tokens, limit.limit]).toEqual(["TooLong", undefined, 4_096]);
    for (const words of ["exceeds the available context size", "the input exceeds the context length"])
      expect(fail(500, words)).toBeInstanceOf(TooLong);
  });

  test("gives up the template's tools for a model that has none", () => {
    expect(fail(400, "registry/x does not support tools")).toBeInstanceOf(NoTools);
  });

  test("tells a person what only a person can mend", () => {
    for (const status of [401, 403]) {
      expect(fail(status, { message: "Invalid API Key" })).toMatchObject({
        code: "refused",
        message: `the model server at ${url} wants a key: ${status} Invalid API Key`,
        hint: "put the key into a variable, and name it: --key-from VARIABLE",
      });
    }
    const refused = fail(404, "no such model");
    expect(refused).toBeInstanceOf(CliaiError);
    expect(refused).toMatchObject({
      code: "failed",
      message: `the model server at ${url} refused the request: 404 no such model`,
    });
  });

  test("asks anew where the server itself has failed", () => {
    expect(fail(500, { message: "cannot parse" })).toEqual(new UnreadAnswer("500 cannot parse"));
  });

  test("shows what is no JSON, or has no message, and no more than the beginning of it", () => {
    expect(failureOf(500, "<html>oops", url).message).toBe("500 <html>oops");
    expect(fail(500, { code: 7 }).message).toBe('500 {"code":7}');
    expect(failureOf(500, "x".repeat(9_000), url).message).toHaveLength(304);
  });
});

test("awayOf() names the code of what the socket threw, once", () => {
  const thrown = (message: string, code?: string) => awayOf(Object.assign(new Error(message), { code }));
  expect(thrown("connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED").message).toBe(
    "connect ECONNREFUSED 127.0.0.1:1",
  );
  expect(thrown("Unable to connect.", "ConnectionRefused").message).toBe("ConnectionRefused");
  expect(thrown("it is closed")).toMatchObject({ message: "it is closed", state: "away" });
});
