// The dashboard for eyes and ears: what is small and pale has contrast enough in both schemes, and a screen reader is told
// of what happens. In real Chromium, by its own computed colours and its own accessibility tree.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { type HttpServer, serveHttp } from "../../src/runtime.ts";
import { type Browser, startChromium } from "../support/chromium.ts";
import { startTestApp, type TestApp } from "../web/test-app.ts";

let browser: Browser;
let web: TestApp;
let http: HttpServer;
const words = ["starting", "working", "waiting", "idle", "blocked", "paused", "stopping", "stopped", "error"];

beforeAll(async () => {
  [browser, web] = await Promise.all([startChromium(), startTestApp()]);
  http = await serveHttp({ host: "127.0.0.1", port: 0, fetch: web.app.fetch });
  for (const status of words) await web.heartbeat(`a-${status}`, { status });
});
afterAll(async () => {
  await http?.stop();
  await browser?.[Symbol.asyncDispose]();
  await web?.[Symbol.asyncDispose]();
});

async function open(path: string, colorScheme: "light" | "dark" = "light"): Promise<Page> {
  const page = await browser.newPage({ colorScheme });
  await page.goto(`http://127.0.0.1:${http.port}${path}`);
  await page.waitForSelector("html.live");
  return page;
}

interface Contrast {
  readonly what: string;
  /** By WCAG 2.2: 1 to 21. */
  readonly ratio: number;
}

/** Of each text of its own that an element fitting `selector` shows, on what lies behind it. */
async function contrasts(page: Page, selector: string): Promise<Contrast[]> {
  return await page.evaluate((selector) => {
    const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    if (pixel === null) throw new Error("no canvas");
    /** Colours laid over each other, the lowest first: the browser mixes them as it does on the page. */
    const mix = (colours: readonly string[]) => {
      for (const colour of ["white", ...colours]) {
        pixel.fillStyle = colour;
        pixel.fillRect(0, 0, 1, 1);
      }
      return [...pixel.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    };
    const luminance = (rgb: readonly number[]) => {
      const [r = 0, g = 0, b = 0] = rgb
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element): string[] => {
      const above = element.parentElement === null ? [] : behind(element.parentElement);
      return [...above, getComputedStyle(element).backgroundColor];
    };
    const hasText = ({ childNodes }: Element) =>
      [...childNodes].some(({ nodeType, textContent }) => nodeType === 3 && textContent?.trim() !== "");
    return [...document.querySelectorAll(selector)]
      .filter((element) => hasText(element) && element.checkVisibility())
      .map((element) => {
        const ground = behind(element);
        const text = mix([...ground, getComputedStyle(element).color]);
        const [low = 0, high = 0] = [luminance(text), luminance(mix(ground))].sort((a, b) => a - b);
        const what = `${element.className}: ${element.textContent?.trim().slice(0, 40)}`;
        return { what, ratio: (high + 0.05) / (low + 0.05) };
      });
  }, selector);
}

test.each(["light", "dark"] as const)(
  "in the %s scheme every status and every quiet text has the contrast of 4.5 that WCAG AA asks of text",
  async (scheme) => {
    const seen: string[] = [];
    for (const path of ["/", "/agents/a-working", "/agents/a-error", "/inbox"]) {
      const page = await open(path, scheme);
      const dark = await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches);
      expect(dark).toBe(scheme === "dark");
      const all = await contrasts(page, ".status, .quiet");
      expect(all.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      seen.push(...all.map(({ what }) => what));
      await page.context().close();
    }
    for (const tone of ["busy", "calm", "warn", "bad", "off"]) {
      expect(seen.some((what) => what.startsWith(`status ${tone}:`))).toBe(true);
    }
    expect(seen.some((what) => what.startsWith("quiet:"))).toBe(true);
  },
);

test("the two schemes are two: the page is light in one and dark in the other", async () => {
  const grounds = await Promise.all(
    (["light", "dark"] as const).map(async (scheme) => {
      const page = await open("/", scheme);
      return await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    }),
  );
  expect(new Set(grounds).size).toBe(2);
});

test("a screen reader finds the parts of the page by role and name, and each status as a word", async () => {
  const page = await open("/");
  const tree = await page.locator("body").ariaSnapshot();
  for (const part of [
    '- link "Skip to the content"',
    "- banner:",
    "- main:",
    "- status",
    '- heading "Fleet"',
    '- link "a-working"',
  ]) {
    expect(tree).toContain(part);
  }
  for (const word of ["working", "stuck", "stopped", "error"]) expect(tree).toContain(word);
  // Pictures say nothing that the word beside them does not.
  expect(tree).not.toContain("- img");
});

test("it is told of changed counts and of a lost server, and not of every change on the page", async () => {
  const page = await open("/");
  const announce = page.locator('[aria-live="polite"]');
  expect(await announce.textContent()).toBe("");
  expect(await page.locator("main [aria-live], main[aria-live]").count()).toBe(0);
  await web.heartbeat("a-idle", { status: "blocked" });
  await announce.filter({ hasText: /\d+ need you/ }).waitFor({ state: "attached" });

  const lost = page.getByRole("status").locator("#lost");
  expect(await lost.isHidden()).toBe(true);
  expect(browser.problems).toEqual([]); // from here on the browser reports each try
  await http.stop();
  await lost.filter({ hasText: "is lost" }).waitFor();
});
