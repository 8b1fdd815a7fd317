// The keys of the page and its palette in real Chromium: an operator who has no pointer; no key acts while one types, and a second press
// answers no second request.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { type HttpServer, serveHttp } from "../../src/runtime.ts";
import { type Browser, startChromium } from "../support/chromium.ts";
import { keepPicture } from "../support/keep-picture.ts";
import { stays, waitFor } from "../support/wait-for.ts";
import { startTestApp, type TestApp } from "../web/test-app.ts";

let browser: Browser;
let web: TestApp;
let http: HttpServer;
let page: Page;

beforeAll(async () => {
  [browser, web] = await Promise.all([startChromium(), startTestApp()]);
  http = await serveHttp({ host: "127.0.0.1", port: 0, fetch: web.app.fetch });
  page = await browser.newPage();
  await page.addInitScript({ content: axe.source });
  await web.heartbeat("ada", { current_task: "sort the mail" });
  await web.heartbeat("bob");
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await http?.stop();
  await web?.[Symbol.asyncDispose]();
});
afterEach(() => {
  expect(browser.problems).toEqual([]);
});

async function open(path: string): Promise<void> {
  await page.goto(`http://127.0.0.1:${http.port}${path}`);
  await page.waitForSelector("html.live");
}

async function ask(id: string, tool: string, args: object, run?: string): Promise<string> {
  const body = { request_id: crypto.randomUUID(), tool, arguments: { wait_s: 0, ...args }, instance_id: run };
  const response = await web.bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 });
  const { request_id } = JSON.parse(new TextDecoder().decode(response)).result;
  await waitFor(() => stateOf(request_id) === "asked", { what: `the request of ${id} is open` });
  return request_id;
}

const permit = (id: string, command: string, run?: string) =>
  ask(id, "request_permission", { tool: "Bash", input: JSON.stringify({ command }) }, run);
const stateOf = (id: string) => web.test.server.requests.get(id)?.state;
const answerOf = (id: string) => web.test.server.requests.get(id)?.answer;
const path = () => page.evaluate(() => location.pathname + location.search);
const focused = () => page.evaluate(() => document.activeElement?.id ?? "");
const press = async (...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};
const hasFocus = (id: string) =>
  waitFor(async () => (await focused()) === id, { what: `the focus on ${id}` });

async function expectSound(name: string): Promise<void> {
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const faults = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: typeof import("axe-core") };
        const { violations } = await axe.run({ resultTypes: ["violations"] });
        return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 150)}`));
      });
      expect({ name, width, colorScheme, faults }).toEqual({ name, width, colorScheme, faults: [] });
      await keepPicture(page, `${name}-${width}-${colorScheme}`);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

test("y and n answer the chosen request, and a second press answers no second one", async () => {
  const ids: string[] = [];
  for (const command of ["npm test", "rm -r build", "git push"]) ids.push(await permit("ada", command));
  const [first = "", second = "", third = ""] = ids;
  await open("/inbox");
  await press("y");
  await page.getByText("Choose a request first").waitFor();
  expect(ids.map(stateOf)).toEqual(["asked", "asked", "asked"]);

  await press("j");
  await hasFocus(`request-${first}`);
  await press("e");
  expect(await page.locator(`#request-${first} details.whole-input`).getAttribute("open")).not.toBeNull();
  await expectSound("inbox");
  await press("y", "y");
  await hasFocus(`request-${second}`);
  expect(answerOf(first)).toMatchObject({ approved: true });
  // The page has moved the focus: no press of y or n answers what nobody has chosen.
  await press("y", "n", "y");
  await page.getByText("This is another request").waitFor();
  await stays(() => stateOf(second) === "asked", {
    what: "the second request is open",
    because: "a key that is taken is answered within some ms",
  });

  await press("j");
  expect(await focused()).toBe(`request-${second}`);
  await press("r");
  await page.keyboard.type("yes, any");
  expect(stateOf(second)).toBe("asked");
  await press("Escape");
  expect(await focused()).toBe(`request-${second}`);
  await press("n");
  await hasFocus(`request-${third}`);
  expect(answerOf(second)).toMatchObject({ approved: false, reason: "yes, any" });
  // While a key is held down, it counts once.
  await press("j");
  await page.keyboard.down("n");
  await page.keyboard.down("n");
  await page.keyboard.up("n");
  await waitFor(() => stateOf(third) === "answered", { what: "the third is answered" });
});

test("what is said of the delivery does not take the place of what is said of a rule", async () => {
  const facts = { config_name: "coder", project_path: "/work/shop", host: "desk" };
  const { heartbeat } = await web.heartbeat("eve", facts);
  const id = await permit("eve", "npm test", heartbeat?.instance_id);
  await open("/inbox");
  await page
    .locator(`#request-${id} select`)
    .selectOption({ label: "always, for eve in /work/shop on desk" });
  await page.locator(`#request-${id}`).focus();
  await press("y");
  await page
    .locator("#say")
    .getByText(/queue\. The rule r-\w+ stands\./)
    .waitFor();
});

test("an operator answers 20 requests by keyboard alone, a choice by its number", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 10; i += 1) {
    ids.push(await permit("ada", `make step-${i}`));
    ids.push(await ask("bob", "ask_human", { question: `way ${i}?`, choices: ["left", "right"] }));
  }
  await open("/");
  await press("g", "i");
  await page.waitForURL("**/inbox");
  await page.waitForSelector("html.live");
  for (const [place, id] of ids.entries()) {
    await press("j");
    await hasFocus(`request-${id}`);
    const key = place % 2 === 1 ? "2" : place % 4 === 0 ? "y" : "n";
    await press(key);
    const what = `request ${place} is answered`;
    // Where its buttons were not in sight, the first press has only shown them.
    const seen = page.getByText("Its end was not in sight");
    if (await seen.isVisible()) await press(key);
    await waitFor(() => stateOf(id) === "answered", { what });
    await page.waitForFunction((gone) => document.querySelector(`li.request#request-${gone}`) === null, id);
  }
  expect(ids.map((id) => answerOf(id)?.text ?? answerOf(id)?.approved)).toEqual(
    ids.map((_, place) => (place % 2 === 1 ? "right" : place % 4 === 0)),
  );
});

test("the keys go to pages, move among agents, ask before a stop; none acts in a field, or when they are turned off", async () => {
  await open("/");
  await press("j");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("href"))).toBe("/agents/ada");
  await press("ArrowDown");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("href"))).toBe("/agents/bob");
  await press("k", "s");
  await page.waitForURL("**/bulk/stop?agents=ada");
  await page.getByText("ada").first().waitFor();

  await open("/agents/ada");
  await press("t");
  await page.keyboard.type("gspy?");
  expect(await page.locator("#task-text").inputValue()).toBe("gspy?");
  expect(await path()).toBe("/agents/ada");
  await press("Escape", "g", "c");
  await page.waitForURL("**/costs");
  await page.waitForSelector("html.live");

  await press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  await help.getByText("goes to the page System").waitFor();
  await expectSound("keys");
  // Behind the list no key acts.
  await press("g", "s");
  expect(await path()).toBe("/costs");
  await help.getByLabel("Keys of one letter act").uncheck();
  await press("Escape", "g", "f");
  await page.getByRole("button", { name: "Keys" }).click();
  expect(await path()).toBe("/costs");
  await help.getByLabel("Keys of one letter act").check();
  await press("Escape", "g", "f");
  await waitFor(async () => (await path()) === "/", { what: "the fleet" });
});

test("the palette finds agents and pages, also while one types, and leads to the form that asks", async () => {
  await open("/agents/bob");
  await press("t");
  await press("Control+k");
  const field = page.getByRole("combobox", { name: "Where to go" });
  await page.getByRole("option", { name: /^ada/ }).waitFor();
  await expectSound("palette");
  await page.keyboard.type("stop ada");
  const chosen = page.getByRole("option", { selected: true });
  await chosen.getByText("Stop ada …").waitFor();
  expect(await field.getAttribute("aria-activedescendant")).toBe(await chosen.getAttribute("id"));
  await press("ArrowUp");
  await chosen.getByText("Search for “stop ada”").waitFor();
  await press("ArrowDown", "Enter");
  await page.waitForURL("**/bulk/stop?agents=ada");
  await page.waitForSelector("html.live");
  const orders = web.test.server.fleet.list().flatMap(({ commands }) => commands.map(({ type }) => type));
  expect(orders.filter((type) => type !== "message")).toEqual([]);

  await press("Meta+k");
  await page.keyboard.type("mess");
  await page.getByRole("option", { name: /^Messages/ }).click();
  await page.waitForURL("**/messages");
  await press("Control+k", "Escape");
  expect(await page.locator("dialog").count()).toBe(0);
});
