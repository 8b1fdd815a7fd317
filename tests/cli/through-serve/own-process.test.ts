import { expect, test } from "bun:test";
import { needsOwnProcess } from "../../../src/cli/through-serve/own-process.ts";

test.each([
  [["ada"], false],
  [["--url", "nats://other:4222"], true],
  [["--creds=/own.creds"], true],
  [["--watch"], true],
  [["task", "ada", "-"], true],
  [["task", "ada", "a - b", "--reason=-"], false],
  [["--urls"], false],
])("needsOwnProcess(%p) is %p", (args, needs) => {
  expect(needsOwnProcess(args)).toBe(needs);
});
