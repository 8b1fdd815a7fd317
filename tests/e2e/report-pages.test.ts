// The pages that report, as an operator has them: real Chromium on a real `cliai serve`, on a desk in light and on a phone in dark.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import type { Page } from "playwright-core";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { type Browser, type PageOptions, startChromium } from "../support/chromium.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { createRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

let browser: Browser;
let serve: RunningServe;
let bus: Bus;

beforeAll(async () => {
  [browser, serve] = await Promise.all([startChromium(), startServe()]);
  const { natsUrl: url, credsPath } = serve;
  bus = await connectBus({ url, credsPath, name: "agents", log: silentLogger });
  for (const id of ["ada", "bob"]) {
    bus.publish(`agent.${id}.heartbeat`, {
      agent_id: id,
      status: "working",
      config_name: "coder",
      interval_s: 3_600,
    });
  }
  await bus.flush();
  const event = (id: string, message: object) =>
    bus.publishStored(`agent.${id}.event`, { agent_id: id, ...message });
  await event("ada", { kind: "tool_start", tool: "Bash", detail: "npm test", tool_use_id: "t1" });
  await event("ada", { kind: "tool_failed", tool: "Bash", detail: "exit code 1", tool_use_id: "t1" });
  const usage = { source: "results", tokens_used: 41_000, estimated_cost: 1.25, model: "opus" };
  await event("ada", { kind: "usage", instance_id: "r1", usage });
  await event("bob", {
    kind: "usage",
    instance_id: "r1",
    usage: { source: "telemetry", tokens_used: 9_000, model: "tiny" },
  });
  for (const scope of ["fleet", "agent:ada", "project:/home/mia/a-long-way/to/the/shop"])
    await serve.run(["budget", "set", scope, scope === "fleet" ? "1.40/day" : "5/day"]);
  await bus.publishStored("agent.ada.message", {
    message_id: "m1",
    from: "bob",
    to: "ada",
    text: "is it green?",
  });
});
afterAll(async () => {
  await bus?.close();
  await browser?.[Symbol.asyncDispose]();
  await serve?.[Symbol.asyncDispose]();
  // An error on a console is also a breach of the content security policy.
  expect(browser.problems).toEqual([]);
});

async function open(path: string, options?: PageOptions): Promise<Page> {
  const page = await browser.newPage(options);
  await page.goto(await serve.loginUrl());
  await page.goto(serve.url + path);
  await page.waitForSelector("html.live");
  return page;
}

/** What is wrong with the page as a document: empty for a sound one. */
function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const all = (selector: string) => [...document.querySelectorAll(selector)];
    const faults: string[] = [];
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0) faults.push(`${wide} px too wide`);
    if (all("h1").length !== 1) faults.push(`${all("h1").length} h1`);
    const ids = all("[id]").map(({ id }) => id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`two #${id}`);
    for (const field of all("input:not([type=hidden]), select, textarea")) {
      const { labels } = field as HTMLInputElement;
      if ((labels?.length ?? 0) === 0 && !field.hasAttribute("readonly"))
        faults.push(`no label: ${field.outerHTML}`);
    }
    const boxes = all(".table-box").filter((box) => box.scrollWidth > box.clientWidth);
    for (const box of boxes)
      if (box.getAttribute("tabindex") !== "0") faults.push("a table that no key scrolls");
    const names = all("nav, section[aria-label]").map((each) => each.getAttribute("aria-label"));
    for (const name of names)
      if (names.indexOf(name) !== names.lastIndexOf(name)) faults.push(`two "${name}"`);
    if (all('nav.pages [aria-current="page"]').length !== 1) faults.push("not one current page");
    return faults;
  });
}

test.each([
  [1_280, "light"],
  [360, "dark"],
] as const)("each page is sound at %d px in %s", async (width, colorScheme) => {
  const page = await open("/system", { width, colorScheme });
  for (const path of ["/system", "/costs", "/report", "/timeline", "/messages", "/messages?thread=m1"]) {
    await page.goto(serve.url + path);
    await page.waitForSelector("html.live");
    expect([path, ...(await faultsOf(page))]).toEqual([path]);
  }
});

test("the system page tells of NATS, of the store and of the checks; a link in the bar says at once that something is wrong", async () => {
  const page = await open("/system");
  await page.getByText("NATS started").waitFor();
  expect(await page.locator("dt:text-is('connections') + dd").innerText()).toMatch(/^[1-9]\d*$/);
  await page.getByRole("rowheader", { name: "bucket spending" }).waitFor();
  await page.getByRole("button", { name: "Run all checks" }).click();
  await page.getByText("nats: nats-server").waitFor({ state: "attached" });
  await page.getByText("would there.").waitFor();

  await page.goto(`${serve.url}/`);
  await page.waitForSelector("html.live");
  bus.publish("agent.bob.status", { status: 5 });
  await page.locator("#system-link .count").waitFor();
  await page.locator("#system-link").click();
  await page.getByRole("heading", { name: /Messages cannot be read/ }).waitFor();
});

test("the costs are those of the day in the browser's own time zone, also in the bar", async () => {
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Emulation.setTimezoneOverride", { timezoneId: "Asia/Tokyo" });
  await page.goto(await serve.loginUrl());
  await page.goto(`${serve.url}/costs`);
  await page.getByText("Days of the zone Asia/Tokyo").waitFor();
  await page.getByRole("row", { name: /^ada \$1\.25 41k 1 of 1$/ }).waitFor();
  await page.getByRole("row", { name: /^bob not told 9k 0 of 1$/ }).waitFor();
  expect(await page.locator("#usage-total").innerText()).toContain("$1.25");
  await page.getByRole("link", { name: "Model", exact: true }).click();
  await page.getByRole("row", { name: /^opus/ }).waitFor();
});

test("cliai report has, as Markdown and as JSON, what failed, what was spent and what has changed in an agent's repository; a wrong time is exit code 2", async () => {
  await using dir = await tempDir();
  const repository = createRepository(realpathSync(dir.path));
  repository.write("a.txt", "1\n");
  repository.commit("one");
  repository.write("a.txt", "1\n2\n");
  const place = { project_path: repository.dir, host: hostname(), interval_s: 3_600 };
  bus.publish("agent.carl.heartbeat", { agent_id: "carl", status: "working", ...place });
  const usage = { source: "results", tokens_used: 1_000, estimated_cost: 0.5 };
  await bus.publishStored("agent.carl.event", { agent_id: "carl", kind: "usage", instance_id: "r2", usage });
  const report = await waitFor(
    async () => {
      const { stdout } = await serve.run(["report", "--since", "1h", "--json"]);
      const { agents } = JSON.parse(stdout) as {
        agents: { agent_id: string; diff?: object; cost?: number }[];
      };
      return agents.find(({ agent_id, cost }) => agent_id === "carl" && cost === 0.5);
    },
    { what: "carl is in the report" },
  );
  expect(report.diff).toEqual({ files: 1, added: 1, removed: 0, base: "HEAD" });
  const { code, stdout } = await serve.run(["report", "--since", "1h"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^# What the agents did: .* UTC$/m);
  expect(stdout).toMatch(/^## ada$/m);
  const [, href = ""] = /^- a tool failed: Bash: exit code 1 — \[audit \d+\]\((\S+)\)$/m.exec(stdout) ?? [];
  expect(stdout).toMatch(
    /\[\$0\.50, 1k tokens\]\(\S+\/agents\/carl\/cost\) · \[1 file, \+1 −0 since HEAD\]\(/,
  );
  const page = await open(href.replace(serve.url, ""));
  expect(await page.locator(".line:is(:target, :has(:target))").innerText()).toContain("exit code 1");
  expect(await serve.run(["report", "--since", "soon"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--since "soon" is neither a time nor a duration'),
  });
});

test("the timeline keeps its filter in the address, and shows a failed call in one line", async () => {
  const page = await open("/timeline");
  await page.getByRole("combobox", { name: "Agent" }).fill("ada");
  await page.getByLabel("Only failures").check();
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/agent=ada.*failed=1/);
  const line = page.locator(".line.failed");
  expect(await line.count()).toBe(1);
  expect(await line.innerText()).toMatch(/Bash[\s\S]*npm test → exit code 1/);
});

test("a message of the operator goes out from the conversation, and stands in it", async () => {
  const page = await open("/messages");
  await page.getByRole("link", { name: "bob, ada" }).click();
  await page.getByRole("combobox", { name: "To" }).selectOption("bob");
  await page.getByRole("textbox", { name: "Message" }).fill("it is, by now");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.locator(".said.own", { hasText: "it is, by now" }).waitFor();
  expect(page.url()).toContain("thread=m1");
});

test("a new line of the timeline is counted, and is shown on demand or as it comes", async () => {
  const page = await open("/timeline");
  const newest = page.locator(".line").first();
  const before = await newest.getAttribute("id");
  await bus.publishStored("agent.ada.event", { agent_id: "ada", kind: "said", detail: "a new line" });
  await page.getByRole("link", { name: "Show 1 new line" }).waitFor();
  expect(await newest.getAttribute("id")).toBe(before);
  await page.getByRole("link", { name: "Show 1 new line" }).press("Enter");
  await page.locator(".line", { hasText: "a new line" }).waitFor();
  await page.getByText("Nothing new").waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("timeline-lines");
  await page.getByLabel("Follow").check();
  await bus.publishStored("agent.ada.event", { agent_id: "ada", kind: "said", detail: "another one" });
  await page.locator(".line", { hasText: "another one" }).waitFor();
});

test("who types keeps the field under the eyes, and what was typed, while the conversation grows above it", async () => {
  const page = await open("/messages?thread=m1", { height: 480 });
  const field = page.getByRole("textbox", { name: "Message" });
  await field.fill("half a thou");
  const top = () => field.evaluate((element) => Math.round(element.getBoundingClientRect().top));
  const [topBefore, text] = [await top(), "long words\n".repeat(30)];
  const reply = { message_id: "m9", thread: "m1", from: "bob", to: "ada", text };
  await bus.publishStored("agent.ada.message", reply);
  await page.locator("#m-m9").waitFor();
  expect(Math.abs((await top()) - topBefore)).toBeLessThan(3);
  expect(await field.inputValue()).toBe("half a thou");
});

test("paused, the page stays as it is, over a reload too, says how much waits, and shows it when the person goes on", async () => {
  const page = await open("/");
  const bob = page.locator("#agent-bob");
  await page.getByRole("button", { name: "Hold updates" }).click();
  await page.reload();
  await page.waitForSelector("html.live");
  await page.locator("#link", { hasText: /^paused at \d\d:\d\d:\d\d$/ }).waitFor();
  const before = await bob.innerText();
  await bus.publishStored("agent.bob.status", { agent_id: "bob", status: "blocked", message: "no key" });
  await page.getByRole("button", { name: /^Go on · \d+ changes? waits?$/ }).waitFor();
  // What needs the person is told all the same.
  await page.locator("#inbox-link .count").waitFor();
  expect(await bob.innerText()).toBe(before);
  await page.getByRole("button", { name: /^Go on/ }).click();
  await page.locator("#agent-bob", { hasText: "no key" }).waitFor();
  await page.locator("#link", { hasText: "live" }).waitFor();
});

test("times are those of the browser, with UTC in the title", async () => {
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Emulation.setTimezoneOverride", { timezoneId: "Asia/Tokyo" });
  await page.goto(await serve.loginUrl());
  await page.goto(`${serve.url}/agents/ada`);
  await page.waitForSelector("html.live");
  const times = await page
    .locator("time[data-clock]")
    .evaluateAll((all) =>
      all.map((time) => [time.textContent, time.getAttribute("datetime"), time.getAttribute("title")]),
    );
  expect(times.length).toBeGreaterThan(0);
  for (const [text, at, utc] of times) {
    const local = new Date(Date.parse(at ?? "") + 9 * 3_600_000).toISOString();
    expect([text, utc]).toEqual([local.slice(11, 19), `${(at ?? "").slice(0, 19).replace("T", " ")} UTC`]);
  }
});
