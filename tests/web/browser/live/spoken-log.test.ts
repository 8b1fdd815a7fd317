// What screen readers are told of the fleet from time to time.
import { expect, test } from "bun:test";
import { join } from "node:path";

const script = join(import.meta.dirname, "../../../../src/web/browser/live/spoken-log.js");
const { logText } = (await import(script)) as {
  readonly logText: (news: readonly string[], counts: string) => string;
};

test("names some, counts the others, and ends with the counts if they have changed", () => {
  expect(logText([], "")).toBe("");
  expect(logText([], "1 needs you")).toBe("1 needs you");
  expect(logText(["ada is idle"], "")).toBe("ada is idle");
  const many = ["ada is idle", "bob is paused", "cleo is stopped", "dan is idle"];
  expect(logText(many, "2 idle")).toBe(
    "ada is idle. bob is paused. cleo is stopped. 1 other agent has changed. 2 idle",
  );
  expect(logText([...many, "eve is idle"], "")).toEndWith("2 other agents have changed");
});
