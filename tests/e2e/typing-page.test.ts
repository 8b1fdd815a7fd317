// The page on which a person types at an agent's terminal, in one real Chromium: its look in both schemes, wide and narrow; what is typed,
// pasted and pressed; a second person; a lost connection.
import { afterAll, beforeAll, expect, test } from "bun:test";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { type HttpServer, serveHttp } from "../../src/runtime.ts";
import { type Browser, startChromium } from "../support/chromium.ts";
import { type HostedTerminal, hostTerminal } from "../support/hosted-terminal.ts";
import { keepPicture } from "../support/keep-picture.ts";
import { until } from "../support/wait-for.ts";
import { startTestApp, type TestApp } from "../web/test-app.ts";

let browser: Browser;
let web: TestApp;
let http: HttpServer;
let terminal: HostedTerminal;
/** While it is set, the server answers nothing. */
let isAway = false;
const open = new Set<AbortController>();

beforeAll(async () => {
  [browser, web] = await Promise.all([startChromium(), startTestApp()]);
  http = await serveHttp({
    ...{ host: "127.0.0.1", port: 0 },
    async fetch(request, ...more) {
      if (isAway) return new Response(null, { status: 503 });
      const ended = new AbortController();
      open.add(ended);
      const signal = AbortSignal.any([request.signal, ended.signal]);
      return await web.app.fetch(new Request(request, { signal }), ...more);
    },
  });
  await web.heartbeat("ada", { session_mode: "terminal" });
  terminal = await hostTerminal(web.bus, "ada", { columns: 80, rows: 24 });
  terminal.write(
    [
      "\u001b]0;a title of the agent\u0007\u001b]52;c;aGFybQ==\u0007\u001b]8;;https://evil.example\u0007a link\u001b]8;;\u0007",
      "\u001b[32m●\u001b[0m \u001b[1mBash\u001b[0m(ls -la src)   \u001b[41;97m failed \u001b[0m \u001b[42;30m passed \u001b[0m",
      "     \u001b[48;5;22m+ const files = 7;\u001b[0m  日本語",
      "\u001b[7m Mode: edit \u001b[0m \u001b[38;2;215;119;87mcolour\u001b[0m \u001b[2mdim\u001b[0m",
      "> ",
    ].join("\r\n"),
  );
});
afterAll(async () => {
  terminal?.[Symbol.dispose]();
  await http?.stop();
  await browser?.[Symbol.asyncDispose]();
  await web?.[Symbol.asyncDispose]();
});

async function openPage(width: number, colorScheme: "light" | "dark"): Promise<Page> {
  const page = await browser.newPage({ width, colorScheme });
  await page.goto(`http://127.0.0.1:${http.port}/agents/ada/terminal/type`);
  await page.locator("#typed").getByText("const files = 7").first().waitFor();
  return page;
}

const says = (page: Page, words: string | RegExp) =>
  page.locator("#keyboard-say", { hasText: words }).waitFor();

test.each([
  [1280, "light"],
  [1280, "dark"],
  [360, "light"],
  [360, "dark"],
] as const)(
  "at %i pixels in the %s scheme it shows the screen, and axe finds nothing",
  async (width, scheme) => {
    const page = await openPage(width, scheme);
    await says(page, "Nobody types from elsewhere.");
    await page.locator("#keyboard-take").click();
    await says(page, "You type.");
    expect(await page.getByRole("button", { name: "Type here" }).isVisible()).toBe(false);
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
    ).toBeLessThanOrEqual(0);
    // The styles of xterm.js count, so the nonce has let them in.
    const style = await page
      .locator("#typed .xterm-fg-2")
      .first()
      .evaluate((span) => getComputedStyle(span).color);
    expect(style).toBe("rgb(126, 231, 135)");
    await page.evaluate(axe.source);
    const faults = await page.evaluate(async () => {
      const { axe: there } = window as unknown as { axe: typeof axe };
      const { violations } = await there.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
    expect(faults).toEqual([]);
    await keepPicture(page, `type-${width}-${scheme}`);
    await page.close();
  },
);

test("a person types, pastes and presses keys; nothing of the agent's own reaches the page but its screen", async () => {
  const page = await openPage(1280, "light");
  expect(await page.title()).toBe("Type at the terminal of ada · cliai");
  expect(await page.locator("#typed a").count()).toBe(0);
  const before = terminal.typed().length;
  const typed = () => terminal.typed().slice(before);
  // Nothing is sent before the keyboard is asked for, and Tab does not stay in the terminal.
  await page.locator("#typed textarea").focus();
  await page.keyboard.type("x");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.closest("#typed"))).toBeNull();
  await page.locator("#keyboard-take").click();
  await says(page, "You type.");
  await page.keyboard.type("ls é");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "Esc" }).click();
  await page.keyboard.insertText("日本");
  await until("all has arrived", () => typed() === "ls é\r\u001b[A\t\u001b日本");
  // The program has asked for marks around pasted text, and its window decides the size.
  terminal.write("\u001b[?2004h");
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "two\u0007\nlines\u001b[201~");
    const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
    document.querySelector("#typed textarea")?.dispatchEvent(paste);
  });
  // No control character of the text comes with it: the only mark that ends it is that of the page.
  await until("it is pasted", () => typed().endsWith("\u001b[200~two\rlines[201~\u001b[201~"));
  expect(await page.locator("#typed-facts").innerText()).toBe("80 × 24, the size of its own window.");
  // With Ctrl-\ the person leaves, and the focus is where they can go on.
  await page.keyboard.press("Control+Backslash");
  await says(page, "You have left the keyboard; the agent goes on.");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("keyboard-take");
  await until("the audit has it", () => terminal.told.at(-1)?.startsWith("kim (page) typed ") === true);
  expect(terminal.told.join()).not.toContain("lines");
  await page.close();
});

test("one types at a time, and taking over says from whom; when its window is closed, the size follows", async () => {
  const [kim, lea] = [await openPage(1280, "light"), await openPage(1280, "light")];
  await kim.locator("#keyboard-take").click();
  await says(kim, "You type.");
  await says(lea, "kim (page) types there.");
  await lea.getByRole("button", { name: "Take the keyboard over from kim (page)" }).click();
  await says(lea, "You type.");
  await says(kim, "kim (page) took the keyboard.");
  terminal.closeWindow();
  await lea.setViewportSize({ width: 560, height: 700 });
  await lea.locator("#typed-facts", { hasText: "the size of whoever types" }).waitFor();
  await until("it has lea's size", async () => {
    const [columns = 80] = (await kim.locator("#typed-facts").innerText()).split(" ").map(Number);
    return columns > 40 && columns < 80;
  });
  await Promise.all([kim.close(), lea.close()]);
});

test("while the connection is lost no key is sent, not afterwards either, and the page says so", async () => {
  const page = await openPage(1280, "light");
  await page.locator("#keyboard-take").click();
  await says(page, "You type.");
  const before = terminal.typed();
  const seen = browser.problems.length;
  isAway = true;
  for (const each of open) each.abort();
  await says(page, "The connection to cliai serve is lost. Keys are not sent.");
  await page.keyboard.type("lost");
  isAway = false;
  await says(page, "Nobody types from elsewhere.");
  await page.locator("#keyboard-take").click();
  await says(page, "You type.");
  await page.keyboard.type("k");
  await until("the next key arrives", () => terminal.typed() !== before);
  expect(terminal.typed()).toBe(`${before}k`);
  // Chromium itself reports the connections that failed meanwhile.
  expect(
    browser.problems.slice(seen).filter((problem) => !/Failed to load resource|ERR_/.test(problem)),
  ).toEqual([]);
  expect(browser.problems.slice(0, seen)).toEqual([]);
  await page.close();
});

test("the head of the page is up to date: what the agent needs comes and goes, and the count stands in the title", async () => {
  const page = await openPage(360, "light");
  await page.waitForSelector("html.live");
  await web.heartbeat("ada", { session_mode: "terminal", status: "blocked" });
  await page.locator("#type-head").getByText("What it needs, on its page").waitFor();
  await page.waitForFunction(() => document.title.startsWith("(1) Type at the terminal"));
  await web.heartbeat("ada", { session_mode: "terminal" });
  await page.locator("#type-head a").waitFor({ state: "detached" });
  await page.close();
});
