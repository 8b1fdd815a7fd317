import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { startChromium } from "./chromium.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

test("startChromium() opens pages of their own width and scheme, takes screenshots and tells of errors", async () => {
  await using dir = await tempDir();
  await using browser = await startChromium();
  const page = await browser.newPage({ width: 360, colorScheme: "dark" });
  await page.setContent("<h1>Fleet</h1>");
  expect(await page.textContent("h1")).toBe("Fleet");
  expect(await page.evaluate(() => [innerWidth, matchMedia("(prefers-color-scheme: dark)").matches])).toEqual(
    [360, true],
  );
  await page.screenshot({ path: dir.join("fleet.png") });
  const png = await readFile(dir.join("fleet.png"));
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect(png.readUInt32BE(16)).toBe(360);
  expect(browser.problems).toEqual([]);
  await page.setContent("<script>nothing.here()</script>");
  await waitFor(() => browser.problems.some((problem) => problem.includes("nothing is not defined")), {
    what: "the page's error",
    saw: () => browser.problems,
  });
});
