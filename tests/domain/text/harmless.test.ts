import { expect, test } from "bun:test";
import { harmless, plainLines } from "../../../src/domain/text/harmless.ts";

test("harmless() shows what would steer a terminal or turn the direction of writing, and keeps joined characters", () => {
  expect(harmless("rm \u001b[2J\u202etxt.exe\u202c a\u200db")).toBe(
    "rm \ufffd[2J\ufffdtxt.exe\ufffd a\u200db",
  );
});

test("plainLines() keeps the lines and their indent, and nothing that steers the terminal", () => {
  expect(plainLines("a\u001b[2Jb\r\n\tc  d \n\ne\rf")).toEqual(["a\ufffd[2Jb", "    c  d", "", "e\ufffdf"]);
});
