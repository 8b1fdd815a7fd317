// The inbox in real Chromium as an operator works through it: what needs somebody comes by itself and is spoken, one cause is acted on once,
// an agent that died comes back or goes, and nothing leaves the page.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { type HttpServer, serveHttp } from "../../src/runtime.ts";
import type { AwayAgents } from "../../src/web/api/need-acts.ts";
import { type Browser, type PageOptions, startChromium } from "../support/chromium.ts";
import { waitFor } from "../support/wait-for.ts";
import { commandsOf, startTestApp, type TestApp } from "../web/test-app.ts";

let browser: Browser;
let web: TestApp;
let http: HttpServer;
/** What the page had done to agents that are away. */
const did: string[] = [];
const away: AwayAgents = {
  async startAgain(id) {
    did.push(`start ${id}`);
    await web.heartbeat(id, { status: "working" });
    return "started again without a terminal, in its session";
  },
  async remove(id) {
    did.push(`remove ${id}`);
  },
};

beforeAll(async () => {
  [browser, web] = await Promise.all([startChromium(), startTestApp({ away })]);
  http = await serveHttp({ host: "127.0.0.1", port: 0, fetch: web.app.fetch });
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await http?.stop();
  await web?.[Symbol.asyncDispose]();
});

async function open(path: string, options?: PageOptions): Promise<Page> {
  const page = await browser.newPage(options);
  await page.goto(`http://127.0.0.1:${http.port}${path}`);
  await page.waitForSelector("html.live");
  return page;
}

function tell(id: string, ...events: readonly (readonly [kind: string, fields?: object])[]): void {
  const run = { agent_id: id, instance_id: `run-${id}` };
  const work = { current_task: `task of ${id}`, project_path: "/home/mia/shop", agent_cli: "claude" };
  web.bus.publish(`agent.${id}.heartbeat`, { ...run, ...work, status: "connected", interval_s: 3_600 });
  for (const [index, [kind, fields]] of events.entries())
    web.bus.publish(`agent.${id}.event`, { ...run, kind, ...fields, generation: 1, seq: index + 1 });
}

const begun = [["session_start", { session_id: "s1" }], ["prompt"]] as const;
const unauthorised = { error: "authentication", detail: "401", remedy: "log in: claude" };

test("what needs somebody comes by itself, is spoken, and is acted on in place; one cause of three agents once", async () => {
  const page = await open("/inbox");
  await page.locator("main").getByText("Nothing needs you").waitFor();
  for (const id of ["ann", "ben", "cat"]) tell(id, ...begun, ["turn_failed", unauthorised]);
  const item = page.locator("li.need", { hasText: "authentication failed · 3 agents" });
  await item.waitFor();
  await page.waitForFunction(() => document.title.startsWith("(3) Inbox"));
  await page
    .locator("#alert", { hasText: /stuck: authentication failed: 401/ })
    .waitFor({ state: "attached" });
  expect(await item.getByText("log in: claude").count()).toBe(1);
  const address = page.url();
  await item.getByLabel("When it is mended, tell all 3").fill("I have logged in: go on.");
  await item.getByRole("button", { name: "Send to 3" }).click();
  await page.locator("#say", { hasText: "ann, ben, cat: was told." }).waitFor();
  for (const id of ["ann", "ben", "cat"]) {
    await web.viewOf(id, ({ commands }) => commands.length === 1, "its task");
    expect(commandsOf(web.test, id)).toMatchObject([{ type: "task", summary: "I have logged in: go on." }]);
    tell(id, ...begun, ["turn_failed", unauthorised], ["prompt"]);
  }
  await page.locator("main").getByText("Nothing needs you").waitFor();
  expect(page.url()).toBe(address);
});

test("an agent that died is resumed where it is shown, and one that did not start is tried again or removed", async () => {
  const page = await open("/inbox", { width: 360, height: 740 });
  tell("dan", ...begun);
  web.bus.publish("agent.dan.status", { status: "crashed", message: "SIGKILL", instance_id: "run-dan" });
  const died = page.locator("li.need", { hasText: "dan died" });
  await died.getByText("while working: SIGKILL").waitFor();
  await died.getByRole("button", { name: "Resume" }).click();
  await page.locator("#say", { hasText: "dan: started again without a terminal, in its session." }).waitFor();
  await died.waitFor({ state: "detached" });

  web.bus.publish("agent.eve.status", { status: "failed_to_start", message: "no program claude" });
  const unborn = page.locator("li.need", { hasText: "eve failed to start" });
  await unborn.getByText("no program claude").waitFor();
  expect(await unborn.getByRole("link", { name: "Try again" }).getAttribute("href")).toBe("/spawn?id=eve");
  // The button that removes it is not there before somebody has asked for it.
  expect(await unborn.getByRole("button", { name: "Remove eve" }).isVisible()).toBe(false);
  await unborn.getByText("Remove eve …").click();
  await unborn.getByRole("button", { name: "Remove eve" }).click();
  await waitFor(() => did.includes("remove eve"), { what: "it is removed", saw: () => did });
  expect(did).toEqual(["start dan", "remove eve"]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  expect(browser.problems).toEqual([]);
});
