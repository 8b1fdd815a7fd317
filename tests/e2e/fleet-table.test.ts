// The table of the fleet page in a real browser: search, order, groups, checked agents, saved views; all live.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { type HttpServer, serveHttp } from "../../src/runtime.ts";
import { type Browser, type PageOptions, startChromium } from "../support/chromium.ts";
import { postJson, startTestApp, type TestApp } from "../web/test-app.ts";

let browser: Browser;
let web: TestApp;
let http: HttpServer;
const ids = Array.from({ length: 20 }, (_, i) => `agent-${10 + i}`);

beforeAll(async () => {
  [browser, web] = await Promise.all([startChromium(), startTestApp()]);
  http = await serveHttp({ host: "127.0.0.1", port: 0, fetch: web.app.fetch });
  for (const [i, id] of ids.entries()) {
    await web.heartbeat(id, {
      status: i < 2 ? "blocked" : i % 3 === 0 ? "idle" : "working",
      current_task: `count the words of the ${i}th page, and of all the pages that it leads to, and say how many there are`,
      project_path: i % 2 === 0 ? "/home/mia/shop" : "/home/mia/a-project-with-a-rather-long-name",
      ...{ config_name: "coder", host: "bench", agent_cli: "claude", tags: i < 5 ? ["api"] : [] },
    });
    web.bus.publish(`agent.${id}.event`, { kind: "usage", usage: { estimated_cost: (i * 7) % 20 } });
  }
});
afterAll(async () => {
  await http?.stop();
  await browser?.[Symbol.asyncDispose]();
  await web?.[Symbol.asyncDispose]();
});

async function open(path: string, options?: PageOptions): Promise<Page> {
  const page = await browser.newPage(options);
  await page.goto(`http://127.0.0.1:${http.port}${path}`);
  await page.waitForSelector("html.live");
  return page;
}

const rows = (page: Page) => page.locator("tr[data-agent]");
const shownIds = (page: Page) =>
  rows(page).evaluateAll((all) => all.map((row) => row.getAttribute("data-agent")));

test("each row is one line, nothing overflows, and every target is large enough, wide and narrow, light and dark", async () => {
  for (const width of [1280, 360]) {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open("/", { width, colorScheme });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
      expect(await rows(page).count()).toBe(ids.length);
      const heights = await rows(page).evaluateAll((all) =>
        all.map((row) => row.getBoundingClientRect().height),
      );
      expect(Math.max(...heights)).toBeLessThan(width === 1280 ? 40 : 80);
      const targets = page.locator("main :is(a, button, select, input:not([type=hidden])):visible");
      const small = await targets.evaluateAll((all) =>
        all
          .filter(
            (each) =>
              each.checkVisibility() &&
              each.getBoundingClientRect().height < 24 &&
              each.getAttribute("type") !== "checkbox",
          )
          .map((each) => each.outerHTML.slice(0, 120)),
      );
      expect(small).toEqual([]);
      await page.context().close();
    }
  }
});

test("the table's head stands right below the bar while the page is scrolled: no row shows between them", async () => {
  const page = await open("/", { height: 500 });
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  const [bar, head] = await page.evaluate(() =>
    [".top", ".fleet thead"].map((each) => document.querySelector(each)?.getBoundingClientRect()),
  );
  expect(head?.top).toBe(bar?.bottom);
  await page.context().close();
});

test("/ begins a search; the view is in the address; what is hidden is said, and one link shows it again", async () => {
  const page = await open("/");
  await page.keyboard.press("/");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("search");
  await page.keyboard.type("tag:api -status:stuck");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/?q=tag%3Aapi+-status%3Astuck");
  await page.waitForSelector("html.live");
  expect(await shownIds(page)).toEqual(["agent-12", "agent-14", "agent-13"]);
  expect(await page.locator("#filter-note").textContent()).toContain(
    "3 agents match tag:api -status:stuck. 17 are hidden.",
  );
  await web.heartbeat("agent-14", { status: "blocked", tags: ["api"] });
  await rows(page).nth(2).waitFor({ state: "detached" });
  expect(await page.locator("#filter-note").textContent()).toContain("2 agents match");
  await page.getByRole("link", { name: "Show all 20" }).click();
  await page.waitForSelector("html.live");
  expect(await rows(page).count()).toBe(ids.length);
  await web.heartbeat("agent-14", { status: "working", tags: ["api"] });
});

test("a column's head orders the groups, and a change that comes live finds its place", async () => {
  const page = await open("/?group=machine");
  await page.getByRole("columnheader").getByRole("link", { name: "Cost" }).click();
  await page.waitForURL("**/?sort=-cost&group=machine");
  await page.waitForSelector("html.live");
  expect(await page.locator("[aria-sort=descending]").textContent()).toContain("Cost");
  const costs = ids.map((id, i) => ({ id, cost: (i * 7) % 20 })).sort((a, b) => b.cost - a.cost);
  expect(await shownIds(page)).toEqual(costs.map(({ id }) => id));
  web.bus.publish("agent.agent-15.event", { kind: "usage", usage: { estimated_cost: 99 } });
  await rows(page).first().filter({ hasText: "agent-15" }).waitFor();
  expect(await rows(page).count()).toBe(ids.length);
});

test("a group without agents is not shown; it comes with its first agent, which keeps the focus, and goes with its last", async () => {
  const page = await open("/");
  const away = page.locator("#list-away");
  expect(await away.isVisible()).toBe(false);
  await page.getByRole("link", { name: "agent-29" }).focus();
  await web.heartbeat("agent-29", { status: "stopped" });
  await away.locator('[data-agent="agent-29"]').waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("agent-29");
  await web.heartbeat("agent-29", { status: "working" });
  await page.locator('#list-working [data-agent="agent-29"]').waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("agent-29");
  expect(await away.isVisible()).toBe(false);
  // As made by the server, for a page without scripts.
  await page.reload();
  expect(await away.getAttribute("hidden")).toBe("");
});

test("checked agents are counted at the foot, stay checked when they move, and are the exact targets of the next page", async () => {
  const page = await open("/");
  const bar = page.locator("#chosen");
  expect(await bar.isVisible()).toBe(false);
  for (const id of ["agent-13", "agent-16", "agent-17"]) await page.getByLabel(`Check ${id}`).check();
  await web.heartbeat("agent-16", { status: "working" });
  await page.locator('#list-working [data-agent="agent-16"]').waitFor();
  expect(await bar.locator("#chosen-what").textContent()).toBe("agent-13, agent-16, agent-17");
  await page.getByRole("button", { name: "Stop 3 agents" }).click();
  await page.waitForURL("**/bulk/stop?agents=agent-13,agent-16,agent-17");
  await page.waitForSelector("html.live");
  expect(await page.locator(".targets b").allTextContents()).toEqual(["agent-13", "agent-16", "agent-17"]);
  await page.getByRole("checkbox", { name: /agent-16/ }).uncheck();
  await page.getByRole("button", { name: "Stop 2 agents" }).waitFor();
  await page.getByRole("button", { name: "Check none" }).click();
  const stop = page.getByRole("button", { name: "Stop 0 agents" });
  expect(await stop.getAttribute("aria-disabled")).toBe("true");
  await stop.click({ force: true });
  expect(page.url()).toContain("/bulk/stop?");
  await page.getByRole("button", { name: "Check all" }).click();
  await page.getByRole("button", { name: "Stop 3 agents", disabled: false }).waitFor();
});

/** The badges and the counts of queues that reach out of their cell or over a neighbour, each as its words. */
const badgesOut = (page: Page) =>
  page.locator("main :is(td, li, label) > :is(.status, .queued):visible").evaluateAll((all) =>
    all
      .filter((badge) => {
        const { left, right, top, bottom } = badge.getBoundingClientRect();
        const box = (badge.closest("td") ?? badge.closest(".targets, li") ?? badge).getBoundingClientRect();
        const others = [...(badge.parentElement?.children ?? [])].filter((each) => each !== badge);
        const isOver = others.some((each) => {
          const other = each.getBoundingClientRect();
          const meets = other.left < right && left < other.right && other.top < bottom && top < other.bottom;
          return other.width > 0 && meets;
        });
        return (
          isOver || left < box.left - 0.5 || right > box.right + 0.5 || badge.scrollWidth > badge.clientWidth
        );
      })
      .map((badge) => `${badge.textContent} at ${innerWidth} px`),
  );

test("the longest badges stay in their places, and a long name never scrolls a page sideways", async () => {
  const long = "long_name_".repeat(6).slice(0, 57);
  const [permission, terminal, failed] = ["permission-1", "terminal-1", "failed-1"] as const;
  await web.heartbeat(long);
  for (const id of [permission, failed])
    await web.heartbeat(id, { current_task: "count all words of the page" });
  await web.heartbeat(terminal, { waits_at_terminal: "it may ask whether it trusts this folder" });
  for (const id of [permission, long]) {
    const call = { request_id: `ask-${id.slice(0, 9)}`, tool: "request_permission" };
    const input = { tool: "Bash", input: "{}", wait_s: 0 };
    await web.bus.request(`tools.call.${id}`, { ...call, arguments: input }, { timeoutMs: 60_000 });
    await web.viewOf(id, ({ needs }) => needs[0]?.kind === "permission", `${id} wants permission`);
  }
  const agents = [permission, terminal, failed, long];
  for (let i = 10; i < 22; i += 1)
    await web.bus.publishStored(`agent.${terminal}.message`, {
      message_id: `m${i}`,
      from: "ada",
      text: "hi",
    });
  await web.viewOf(terminal, ({ queued }) => queued >= 12, "its queue has two digits");
  await postJson(web.app, "/api/commands", { type: "pause", agents, command_id: "wide" });
  web.bus.publish(`agent.${failed}.status`, { status: "failed_to_start", message: "no program claude" });
  await web.viewOf(failed, ({ status }) => status === "failed_to_start", "it failed to start");
  const paths = ["/", "/bulk/results/wide", "/bulk/stop", `/bulk/pause?q=${long}`];
  const seen: { path: string; width: number; over: number; out: string[] }[] = [];
  for (const width of [1280, 981, 641, 360]) {
    const page = await open("/", { width });
    for (const path of paths) {
      await page.goto(`http://127.0.0.1:${http.port}${path}`);
      await page.waitForSelector("html.live");
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      seen.push({ path, width, over, out: await badgesOut(page) });
    }
    await page.context().close();
  }
  expect(seen.filter(({ over, out }) => over > 0 || out.length > 0)).toEqual([]);
});

test("a view is saved under a name, is there after a reload, and can be removed", async () => {
  const page = await open("/?status=working&group=project");
  await page.getByText("Views", { exact: true }).click();
  await page.getByLabel("Save what is shown now as").fill("busy by project");
  await page.getByRole("button", { name: "Save" }).click();
  await page.goto(`http://127.0.0.1:${http.port}/`);
  await page.getByText("Views", { exact: true }).click();
  await page.getByRole("link", { name: "busy by project" }).click();
  await page.waitForURL("**/?status=working&group=project");
  await page.getByText("Views", { exact: true }).click();
  await page.getByRole("button", { name: "Remove the view busy by project" }).click();
  expect(await page.locator("#view-list li").count()).toBe(0);
  expect(browser.problems).toEqual([]);
});
