import { expect, test } from "bun:test";
import { summaryOf } from "../../../src/domain/text/summary.ts";

test("summaryOf() cuts long text, never inside a character", () => {
  expect(summaryOf("short")).toBe("short");
  const cut = summaryOf("😀".repeat(500));
  expect(cut.endsWith("…")).toBe(true);
  expect(cut.isWellFormed()).toBe(true);
  expect(cut.length).toBeLessThan(410);
});
