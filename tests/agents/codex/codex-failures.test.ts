import { expect, test } from "bun:test";
import { describeFailure, describeRetry } from "../../../src/agents/codex/codex-failures.ts";

const of = (message: string, codexErrorInfo: unknown, additionalDetails?: string) => ({
  ...{ message, codexErrorInfo, additionalDetails },
});

test.each([
  ["unauthorized", "authentication"],
  ["rateLimitExceeded", "usage_limit"],
  ["usageLimitExceeded", "usage_limit"],
  ["serverOverloaded", "overloaded"],
  ["internalServerError", "server"],
  ["contextWindowExceeded", "context"],
  ["cyberPolicy", "refused"],
  ["badRequest", "other"],
  ["a word of a later release", "other"],
  [{ responseTooManyFailedAttempts: { httpStatusCode: 429 } }, "usage_limit"],
  [{ responseStreamDisconnected: { httpStatusCode: 503 } }, "overloaded"],
  [{ httpConnectionFailed: { httpStatusCode: 500 } }, "server"],
  [{ httpConnectionFailed: { httpStatusCode: null } }, "other"],
  [undefined, "other"],
] as const)("describeFailure() of %j is %s", (info, word) => {
  const { error, text } = describeFailure(of("It failed.", info));
  expect({ error, text }).toEqual({ error: word, text: "It failed." });
});

test("describeRetry() has the details, and reads a status from the words if Codex tells none", () => {
  const error = of(
    "Reconnecting... 1/5",
    { responseStreamDisconnected: {} },
    "unexpected status 401 Unauthorized",
  );
  expect(describeRetry(error)).toEqual({
    error: "authentication",
    remedy: "log in: codex login",
    detail: "Reconnecting... 1/5 (unexpected status 401 Unauthorized)",
  });
});

test("describeFailure() knows a remedy for a refused login, and for nothing else", () => {
  expect(describeFailure(of("No.", "unauthorized")).remedy).toBe("log in: codex login");
  expect(describeFailure(of("No.", "serverOverloaded"))).not.toHaveProperty("remedy");
});
