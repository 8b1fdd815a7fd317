// The page of an agent's terminal in real Chromium: both schemes, wide and narrow, with and without scripts.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createTerminalModes } from "../../src/agents/terminal/terminal-modes.ts";
import { createTerminalScreen } from "../../src/agents/terminal/terminal-screen.ts";
import { createTerminalView } from "../../src/agents/terminal/terminal-view.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { createScreenDesk, type ScreenDesk } from "../../src/host/screen/screen-desk.ts";
import { silentLogger } from "../../src/log.ts";
import { type HttpServer, serveHttp } from "../../src/runtime.ts";
import { type Browser, startChromium } from "../support/chromium.ts";
import { keepPicture } from "../support/keep-picture.ts";
import { until } from "../support/wait-for.ts";
import { startTestApp, type TestApp } from "../web/test-app.ts";

let browser: Browser;
let web: TestApp;
let http: HttpServer;
let desk: ScreenDesk;
let write: (text: string) => void;

/** What an agent CLI may show: a box, colours of each kind, marked text, wide characters. */
const shown = [
  "\u001b[38;2;215;119;87m╭─── Agent ────────────────────────────────────────────────────────────────╮\u001b[0m",
  "\u001b[38;2;215;119;87m│\u001b[0m  \u001b[1mWelcome back!\u001b[0m   \u001b[2m/work/project\u001b[0m                                          \u001b[38;2;215;119;87m│\u001b[0m",
  "\u001b[38;2;215;119;87m╰──────────────────────────────────────────────────────────────────────────╯\u001b[0m",
  "",
  "> count the files in src, and tell me which of them are the largest ones",
  "",
  "\u001b[32m●\u001b[0m \u001b[1mBash\u001b[0m(ls -la src)",
  "  ⎿  \u001b[31m- const files = 6;\u001b[0m",
  "     \u001b[48;5;22m+ const files = 7;\u001b[0m  日本語",
  "\u001b[33m✻ Thinking…\u001b[0m \u001b[90m(esc to interrupt)\u001b[0m",
  "\u001b[34mblue\u001b[0m \u001b[35mmagenta\u001b[0m \u001b[36mcyan\u001b[0m \u001b[4munderlined\u001b[0m \u001b[3mitalic\u001b[0m \u001b[9mstruck\u001b[0m",
  "\u001b[7m Mode: edit \u001b[0m \u001b[44;97m tests \u001b[0m \u001b[41;97m failed \u001b[0m \u001b[42;30m passed \u001b[0m",
  "> ",
].join("\r\n");

beforeAll(async () => {
  [browser, web] = await Promise.all([startChromium(), startTestApp()]);
  http = await serveHttp({ host: "127.0.0.1", port: 0, fetch: web.app.fetch });
  await web.heartbeat("ada", { session_mode: "terminal" });
  await web.heartbeat("bob", { session_mode: "headless" });
  const screen = createTerminalScreen(80, 24);
  const modes = createTerminalModes();
  const view = createTerminalView({
    ...{ screen, modes, hasWindow: () => false, passKeys: () => undefined },
    resize: (columns, rows) => screen.resize(columns, rows),
  });
  desk = createScreenDesk({
    ...{ id: parseAgentId("ada"), instanceId: "run-1", now: () => new Date(), log: silentLogger },
    ...{ whyNotType: undefined, onTyped: () => undefined },
    link: { bus: () => web.bus, onChange: () => () => undefined },
  });
  desk.show(view);
  write = (text) => {
    screen.write(new TextEncoder().encode(text));
    view.tell();
  };
  write(shown);
});
afterAll(async () => {
  desk?.stop();
  await http?.stop();
  await browser?.[Symbol.asyncDispose]();
  await web?.[Symbol.asyncDispose]();
});

const address = (id: string) => `http://127.0.0.1:${http.port}/agents/${id}/terminal`;

test.each([
  [1280, "light"],
  [1280, "dark"],
  [360, "light"],
  [360, "dark"],
] as const)(
  "at %i pixels in the %s scheme the page shows the screen, live, and scrolls inside it alone",
  async (width, colorScheme) => {
    const page = await browser.newPage({ width, colorScheme });
    await page.goto(address("ada"));
    await page.waitForSelector("html.live");
    const terminal = page.locator("#terminal");
    await terminal.getByText("count the files in src").first().waitFor();
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
    ).toBeLessThanOrEqual(0);
    // All rows have the same height, and the screen is dark in both schemes.
    const heights = await page
      .locator(".screen-row")
      .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
    expect([heights.length, new Set(heights).size]).toEqual([24, 1]);
    expect(await terminal.evaluate((element) => getComputedStyle(element).backgroundColor)).toBe(
      "rgb(11, 14, 19)",
    );
    expect(
      await page
        .locator(".f-1")
        .first()
        .evaluate((element) => getComputedStyle(element).color),
    ).toBe("rgb(255, 123, 114)");
    // It can be scrolled by the keyboard, and keeps its place and the focus when its rows change.
    await terminal.focus();
    if (width === 360) await page.keyboard.press("ArrowRight");
    const words = `news for ${width} ${colorScheme}`;
    write(`\r\u001b[2K> ${words}`);
    await until("the news", async () => (await terminal.innerText()).includes(words));
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("terminal");
    await keepPicture(page, `terminal-${width}-${colorScheme}`);
    if (width === 360) {
      const scrolled = await until("it has scrolled", () =>
        terminal.evaluate((element) => element.scrollLeft > 0),
      );
      expect(scrolled).toBe(true);
    }
    expect(browser.problems).toEqual([]);
  },
);

test("without scripts it is a still picture; an agent without a terminal says so", async () => {
  const html = await (await fetch(address("ada"))).text();
  expect(html).toContain("count the files in src");
  const page = await browser.newPage({ width: 360 });
  await page.goto(address("bob"));
  expect(await page.locator("#terminal").innerText()).toContain("bob runs without a terminal.");
  await keepPicture(page, "terminal-none-360");
  expect(browser.problems).toEqual([]);
});
