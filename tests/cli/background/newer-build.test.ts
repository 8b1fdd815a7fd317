import { describe, expect, test } from "bun:test";
import { compareVersions, restartLine } from "../../../src/cli/background/newer-build.ts";

const own = { version: "0.2.0", commit: "bbb2222" };

describe("restartLine()", () => {
  test.each([
    [
      "an older version",
      { version: "0.1.0", commit: "aaa1111" },
      "0.1.0 runs (pid 42); restart it: cliai down && cliai serve --detach",
    ],
    [
      "one that says no commit",
      { version: "0.1.9" },
      "0.1.9 runs (pid 42); restart it: cliai down && cliai serve --detach",
    ],
    [
      "another commit of this version",
      { version: "0.2.0", commit: "aaa1111" },
      "0.2.0 (aaa1111) runs (pid 42); restart it: cliai down && cliai serve --detach",
    ],
    ["this very build", { version: "0.2.0", commit: "bbb2222" }, undefined],
    ["a newer version", { version: "0.10.0", commit: "ccc3333" }, undefined],
    ["a run from source", { version: "0.2.0", commit: "source" }, undefined],
    ["this version without a commit", { version: "0.2.0" }, undefined],
  ])("of %s", (_, running, line) => {
    expect(restartLine({ ...running, pid: 42 }, own)).toBe(line);
  });

  test("a program that runs from source judges by the version alone", () => {
    const source = { version: "0.2.0", commit: "source" };
    expect(restartLine({ version: "0.2.0", commit: "aaa1111", pid: 42 }, source)).toBeUndefined();
    expect(restartLine({ version: "0.1.0", commit: "aaa1111", pid: 42 }, source)).toStartWith("0.1.0 runs");
  });
});

test("compareVersions() compares numbers, not letters", () => {
  expect(compareVersions("0.10.0", "0.9.9")).toBeGreaterThan(0);
  expect(compareVersions("1.0", "1.0.0")).toBe(0);
  expect(compareVersions("0.1.0", "0.1.1")).toBeLessThan(0);
});
