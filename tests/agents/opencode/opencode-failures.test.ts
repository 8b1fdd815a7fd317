// Why a turn of OpenCode failed, in the words and the kind that a person gets.
import { expect, test } from "bun:test";
import { describeFailure, describeRetry } from "../../../src/agents/opencode/opencode-failures.ts";

test.each([
  ["ProviderAuthError", {}, "authentication", "ProviderAuthError"],
  ["ContextOverflowError", { message: "too long" }, "context", "too long"],
  ["APIError", { statusCode: 401, message: "wrong key" }, "authentication", "401 wrong key"],
  ["APIError", { statusCode: 529, message: "529 overloaded" }, "overloaded", "529 overloaded"],
  ["APIError", { statusCode: 500, message: "broken" }, "server", "500 broken"],
  ["", {}, "other", "its turn has failed"],
] as const)("describeFailure() of %p with %p is %p: %p", (name, data, error, text) => {
  expect(describeFailure({ name, data })).toEqual({ error, text });
});

test("describeRetry() says which try it is, and why", () => {
  expect(describeRetry(3, "Overloaded")).toMatchObject({
    detail: "attempt 3: Overloaded",
    error: "overloaded",
  });
});
