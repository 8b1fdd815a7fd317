import { expect, test } from "bun:test";
import { createFailures } from "../../src/notify/failures.ts";

test("createFailures() keeps one alert that names all that fail, and ends it when none does", () => {
  const told: string[] = [];
  const failures = createFailures(
    {
      raiseOwn: ({ kind, message }) => told.push(`${kind}: ${message}`),
      resolve: (kind) => told.push(`${kind} is over`),
    },
    "hook_failed",
    "hook",
  );
  failures.set("a", "exit code 1");
  failures.set("b", "exit code 2");
  failures.set("a", undefined);
  failures.set("c", undefined);
  failures.set("b", undefined);
  failures.set("b", undefined);
  expect(told).toEqual([
    "hook_failed: hook a: exit code 1",
    "hook_failed: hook a: exit code 1; hook b: exit code 2",
    "hook_failed is over",
  ]);
});

test("createFailures() ends the alert of an earlier serve when the first thing works", () => {
  const told: string[] = [];
  const alerts = { raiseOwn: () => undefined, resolve: (kind: string) => told.push(kind) };
  createFailures(alerts, "hook_failed", "hook").set("a", undefined);
  expect(told).toEqual(["hook_failed"]);
});
