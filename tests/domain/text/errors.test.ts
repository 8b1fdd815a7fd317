import { describe, expect, test } from "bun:test";
import {
  CliaiError,
  exitCodeOf,
  firstError,
  isFullDisk,
  messageOf,
} from "../../../src/domain/text/errors.ts";

describe("CliaiError", () => {
  test("over JSON it has its code, its message and, where there is one, its hint", () => {
    const error = new CliaiError("usage", "no such flag", { hint: "cliai --help" });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      error: { code: "usage", message: "no such flag", hint: "cliai --help" },
    });
    expect(JSON.parse(JSON.stringify(new CliaiError("failed", "no")))).toEqual({
      error: { code: "failed", message: "no" },
    });
  });

  test("keeps what caused it, and shows no secret of it over JSON", () => {
    const cause = new Error("with a token");
    const error = new CliaiError("failed", "no", { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(error)).not.toContain("token");
    expect(new CliaiError("failed", "no").cause).toBeUndefined();
  });
});

describe("exitCodeOf()", () => {
  test.each([
    ["failed", 1],
    ["usage", 2],
    ["config_invalid", 2],
    ["agent_unknown", 2],
    ["server_unreachable", 3],
    ["nats_unreachable", 3],
    ["no_answer", 4],
    ["refused", 5],
    ["not_signed_in", 5],
    ["interrupted", 130],
  ] as const)("of %s is %d", (code, exitCode) => {
    expect(exitCodeOf(new CliaiError(code, "no"))).toBe(exitCode);
  });

  test("of anything else is a plain failure", () => {
    expect([exitCodeOf(new TypeError("no")), exitCodeOf("no"), exitCodeOf(undefined)]).toEqual([1, 1, 1]);
  });
});

describe("messageOf()", () => {
  test("is the message of an error, and the text of anything else that was thrown", () => {
    expect(messageOf(new TypeError("no"))).toBe("no");
    expect([messageOf("no"), messageOf(7), messageOf(null)]).toEqual(["no", "7", "null"]);
  });
});

test("firstError() is the error that came first, whatever failed while things were put in order", async () => {
  const failing = async () => {
    await using parts = new AsyncDisposableStack();
    parts.defer(() => Promise.reject(new Error("third")));
    parts.defer(() => Promise.reject(new Error("second")));
    throw new Error("first");
  };
  const error = await failing().catch((thrown: unknown) => thrown);
  expect(messageOf(firstError(error))).toBe("first");
  expect(messageOf(firstError(new Error("only")))).toBe("only");
});

test("isFullDisk() finds the error of the file system behind others", () => {
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  expect(isFullDisk(new CliaiError("failed", "cannot write x", { cause: full }))).toBe(true);
  expect(isFullDisk(new CliaiError("failed", "cannot write x", { cause: new Error("EACCES") }))).toBe(false);
  expect(isFullDisk(undefined)).toBe(false);
});
