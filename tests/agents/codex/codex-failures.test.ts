import { expect, test } from "bun:test";
import {
  describeFailure,
  describeRetry,
  loginRemedyOf,
  reachedLimitMs,
} from "../../../src/agents/codex/codex-failures.ts";

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

test("reachedLimitMs() is the end of the window that is used up, of two the later one", () => {
  const window = (usedPercent: number, resetsAt: number | null) => ({ usedPercent, resetsAt });
  expect(reachedLimitMs([window(100, 50), window(40, 900)])).toBe(50_000);
  expect(reachedLimitMs([window(100, 50), window(101, 900)])).toBe(900_000);
  expect(reachedLimitMs([window(99, 50), null, undefined])).toBeUndefined();
  expect(reachedLimitMs([window(100, null)])).toBeUndefined();
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

test("loginRemedyOf() of an agent on a model server of its own is about that server's key, not about Codex's login", () => {
  const server = { url: "http://gpu:8080", kind: "auto", calls: "auto" } as const;
  const refused = of("No.", "unauthorized");
  expect(loginRemedyOf({ modelServer: undefined })).toBe("log in: codex login");
  const remedy = loginRemedyOf({ modelServer: server });
  expect(remedy).toBe("name the variable with the model server's key as key_from in its profile");
  expect([describeFailure(refused, remedy).remedy, describeRetry(refused, remedy).remedy]).toEqual([
    remedy,
    remedy,
  ]);
  const known = loginRemedyOf({ modelServer: { ...server, key_from: "GPU_KEY" } });
  expect(known).toBe("correct GPU_KEY, which has the model server's key");
});
