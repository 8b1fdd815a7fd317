import { expect, test } from "bun:test";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { absoluteTime, ageText, untilText } from "../../../src/web/pages/age.ts";

const scriptsDir = join(import.meta.dirname, "../../../src/web/browser");

const at = "2026-11-23T05:00:00.000Z";
const ages: [seconds: number, text: string][] = [
  [-100, "now"],
  [2.9, "now"],
  [3, "3 s ago"],
  [59.9, "59 s ago"],
  [60, "1 min ago"],
  [3_599, "59 min ago"],
  [3_600, "1 h ago"],
  [86_399, "23 h ago"],
  [86_400, "1 d ago"],
  [86_400 * 400, "400 d ago"],
];

const until: [seconds: number, text: string][] = [
  [-5, "now"],
  [0, "now"],
  [44, "in 44 s"],
  [61, "in 1 min"],
  [7_200, "in 2 h"],
];

test("ageText() and untilText() read alike from the server and in the browser", async () => {
  const browser = (await import(pathToFileURL(join(scriptsDir, "age.js")).href)) as {
    ageText: typeof ageText;
    untilText: typeof untilText;
  };
  for (const [seconds, text] of ages) {
    const now = Date.parse(at) + seconds * 1000;
    expect([ageText(at, now), browser.ageText(at, now)]).toEqual([text, text]);
  }
  for (const [seconds, text] of until) {
    const now = Date.parse(at) - seconds * 1000;
    expect([untilText(at, now), browser.untilText(at, now)]).toEqual([text, text]);
  }
  expect(absoluteTime(at)).toBe("2026-11-23 05:00:00 UTC");
});
