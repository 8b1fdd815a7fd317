// An agent reports its session's id, and it becomes an argument of its CLI.
import { expect, test } from "bun:test";
import { isSessionId } from "../../../src/domain/wire/session-id.ts";

test("isSessionId() takes the ids of all CLIs, and nothing that a CLI could read as a flag or a path", () => {
  const ids = ["11111111-2222-4333-8444-555555555555", "ses_57a1b2", "A", "x".repeat(128)];
  expect(ids.filter(isSessionId)).toEqual(ids);
  const others = [
    "",
    "-r",
    "--resume",
    "_a",
    "a b",
    "a/b",
    "../a",
    "a.b",
    "a\n",
    "x".repeat(129),
    "ü",
    "a=b",
  ];
  expect(others.filter(isSessionId)).toEqual([]);
  expect(isSessionId(undefined)).toBe(false);
});
