// The dashboard as an operator has it: real Chromium on a real `cliai serve`, with agents that speak plain NATS.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { serveHttp } from "../../src/runtime.ts";
import { type Browser, type PageOptions, startChromium } from "../support/chromium.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestApp } from "../web/test-app.ts";

let browser: Browser;
let serve: RunningServe;
let bus: Bus;
/** Beginnings of the console errors that a test brings about on purpose. */
const expectedProblems: string[] = [];

beforeAll(async () => {
  [browser, serve] = await Promise.all([startChromium(), startServe()]);
  bus = await connectBus({
    url: serve.natsUrl,
    credsPath: serve.credsPath,
    name: "agents",
    log: silentLogger,
  });
});
afterAll(async () => {
  await bus?.close();
  await browser?.[Symbol.asyncDispose]();
  await serve?.[Symbol.asyncDispose]();
});

/** Each test leaves no error on any console: a breach of the content security policy is one, too. */
function expectNoProblems(): void {
  expect(
    browser.problems.filter((problem) => !expectedProblems.some((start) => problem.startsWith(start))),
  ).toEqual([]);
}
beforeEach(() => {
  expectNoProblems();
});
afterAll(() => {
  expectNoProblems();
});

function heartbeat(id: string, fields: Readonly<Record<string, unknown>> = {}): void {
  bus.publish(`agent.${id}.heartbeat`, { agent_id: id, status: "working", ...fields });
}

/** A page of a browser that has been signed in. */
async function newPage(options?: PageOptions, to: RunningServe = serve): Promise<Page> {
  const page = await browser.newPage(options);
  await page.goto(await to.loginUrl());
  return page;
}

async function open(path: string, options?: PageOptions): Promise<Page> {
  return await show(await newPage(options), serve.url + path);
}

async function show(page: Page, url: string): Promise<Page> {
  await page.goto(url);
  await page.waitForSelector("html.live");
  return page;
}

const card = (page: Page, id: string) => page.locator(`[data-agent="${id}"]`);

/** Waits until the text is on the page, and gives the milliseconds it took. */
async function shows(page: Page, selector: string, text: string | RegExp): Promise<number> {
  const startedAt = performance.now();
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
  return performance.now() - startedAt;
}

async function overflow(page: Page): Promise<number> {
  return await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

test("an agent appears sooner than the page opens, changes, falls silent and comes back", async () => {
  const startedMs = performance.now();
  const page = await open("/");
  const openedMs = performance.now() - startedMs;
  const shownMs: number[] = [];
  await shows(page, "main", "No agent yet");
  expect(await page.textContent("#spawn-command")).toEndWith(` spawn demo --data-dir ${serve.dataDir}`);
  heartbeat("ada", { current_task: "sort the mail", instance_id: "run-1" });
  shownMs.push(await shows(page, '#list-working [data-agent="ada"]', "sort the mail"));
  await shows(page, "#counts", "0 need you · 1 working");

  heartbeat("ada", { status: "blocked", instance_id: "run-1" });
  shownMs.push(await shows(page, '#list-needs-you [data-agent="ada"]', "stuck"));
  expect(await page.title()).toBe("(1) Fleet · cliai");

  // Only now, because a page on a busy machine may take longer than three such intervals.
  heartbeat("ada", { status: "blocked", interval_s: 0.5, instance_id: "run-1" });
  await shows(page, '#list-needs-you [data-agent="ada"]', "lost");
  heartbeat("ada", { status: "idle", instance_id: "run-2" });
  shownMs.push(await shows(page, '#list-idle [data-agent="ada"]', "idle"));
  bus.publish("agent.ada.status", { status: "stopped", instance_id: "run-2" });
  await shows(page, '#list-away [data-agent="ada"]', "stopped");
  expect(await page.locator("[data-agent]").count()).toBe(1);
  // One shows that it can be done. The others may wait for the processor, and for nothing else, such as the next look of a timer.
  expect(Math.min(...shownMs)).toBeLessThan(openedMs);
  expect(Math.max(...shownMs)).toBeLessThan(10 * openedMs);
});

test("buttons send commands; each receipt shows as it comes; what is being written stays", async () => {
  heartbeat("bea");
  const commands: Record<string, unknown>[] = [];
  const unsubscribe = bus.subscribe("agent.bea.command", ({ data }) => {
    commands.push(JSON.parse(new TextDecoder().decode(data)));
  });
  await bus.flush();
  const startedMs = performance.now();
  const page = await openAgent("bea");
  const openedMs = performance.now() - startedMs;
  await page.getByLabel("Task for bea").fill("a draft, not yet sent");
  await page.getByRole("button", { name: "Pause" }).click();
  await shows(page, "#order-result", "pause stored");
  const [pause] = await waitFor(() => commands.length === 1 && commands, { what: "the pause in the stream" });
  expect(pause).toMatchObject({ type: "pause", from: "operator (page)" });

  const receipts = `#command-${pause?.command_id} .receipts`;
  await shows(page, receipts, /stored \d\d:\d\d:\d\d.*not yet delivered/);
  const shownMs: number[] = [];
  for (const state of ["delivered", "seen", "applied"]) {
    bus.publish("agent.bea.receipt", { command_id: pause?.command_id, state });
    shownMs.push(await shows(page, receipts, new RegExp(`${state} \\d\\d:\\d\\d:\\d\\d`)));
  }
  expect(Math.min(...shownMs)).toBeLessThan(openedMs);
  expect(Math.max(...shownMs)).toBeLessThan(10 * openedMs);
  await shows(page, "#agent-head", "paused");
  expect(await page.getByLabel("Task for bea").inputValue()).toBe("a draft, not yet sent");

  await page.getByRole("button", { name: "Send task" }).click();
  await shows(page, "#agent-commands", "a draft, not yet sent");
  await waitFor(() => commands.length === 2, { what: "the task in the stream" });
  expect(commands[1]).toMatchObject({ type: "task", payload: { text: "a draft, not yet sent" } });
  expect(commands[1]?.command_id).not.toBe(pause?.command_id);
  expect(await page.getByLabel("Task for bea").inputValue()).toBe("");
  unsubscribe();
});

test("what looks like markup is text, also when it comes live", async () => {
  heartbeat("cleo");
  const markup = `<img src=x onerror="document.title='broken'"><script>document.title='broken'</script>`;
  const pages = [await open("/"), await openAgent("cleo")];
  heartbeat("cleo", { current_task: markup, config_name: markup, host: markup });
  bus.publish("agent.cleo.event", { kind: markup, detail: markup });
  for (const page of pages) {
    await shows(page, "main .task", markup);
    expect(await page.locator("main img, main script").count()).toBe(0);
    expect(await page.title()).not.toContain("broken");
  }
});

test("two people's pages agree", async () => {
  heartbeat("dan", { current_task: "first" });
  const pages = await Promise.all([open("/"), open("/", { colorScheme: "dark" })]);
  heartbeat("dan", { current_task: "second" });
  heartbeat("eva", { status: "idle", current_task: "third" });
  const agentsOf = (page: Page) =>
    page
      .locator("[data-agent]")
      .evaluateAll((cards) =>
        cards.map(
          (each) =>
            `${each.parentElement?.id}: ${each.querySelector("h3, th")?.textContent} ${each.querySelector(".task")?.textContent}`,
        ),
      );
  for (const page of pages) {
    await shows(page, '[data-agent="dan"]', "second");
    await shows(page, '[data-agent="eva"]', "third");
  }
  // How old a task is depends on when the page is read.
  const agedless = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/ \((now|\d+ \w+ ago)\)$/, ""));
  const [one = [], other = []] = (await Promise.all(pages.map(agentsOf))).map(agedless);
  expect(one).toEqual(other);
  expect(one.length).toBeGreaterThan(1);
});

test("arriving data moves neither the focus nor the scroll; the skip link comes first", async () => {
  for (const id of ["fay", "gus", "hal"]) heartbeat(id, { status: "idle" });
  const page = await open("/", { height: 320 });
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
  await card(page, "gus").getByRole("link", { name: "gus", exact: true }).focus();
  await page.evaluate(() => scrollTo(0, 150));
  heartbeat("gus", { status: "working", current_task: "dig" });
  await shows(page, '#list-working [data-agent="gus"]', "dig");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("gus");
  heartbeat("hal", { status: "idle", current_task: "stay" });
  await shows(page, '#list-idle [data-agent="hal"]', "stay");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("gus");
  expect(await page.evaluate(() => Math.round(scrollY))).toBeGreaterThan(0);
});

test("nothing overflows at 360 px, whatever agents are called and do; above twelve agents a table comes live", async () => {
  const long = "x".repeat(63);
  const word = "unbreakable".repeat(40);
  heartbeat(long, { status: "blocked", current_task: word, project_path: `/${word}`, host: word, cli: word });
  bus.publish(`agent.${long}.status`, { status: "blocked", message: word });
  bus.publish(`agent.${long}.event`, { kind: "tool_start", tool: "Bash", detail: word });
  bus.publish(`agent.${long}.command`, { type: "task", payload: { text: word } });
  const page = await open("/", { width: 360 });
  await shows(page, `[data-agent="${long}"]`, word);
  expect(await overflow(page)).toBe(0);
  // A long reason leaves the name its room.
  heartbeat("ida");
  bus.publish("agent.ida.status", { status: "crashed", message: "its host has ended without a word" });
  for (const each of [page, await open("/", { width: 1280 })]) {
    await shows(each, '[data-agent="ida"]', "without a word");
    const name = card(each, "ida").locator("h3");
    expect(await name.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    expect(await overflow(each)).toBe(0);
  }
  expect(await overflow(await openAgent("ida", { width: 360 }))).toBe(0);
  const agentPage = await openAgent(long, { width: 360 });
  await shows(agentPage, "#agent-commands", "unbreakable");
  expect(await overflow(agentPage)).toBe(0);
  for (const button of await agentPage.getByRole("button").all()) {
    expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(24);
  }
  for (let i = 10; i < 23; i += 1) heartbeat(`many-${i}`);
  await page.waitForSelector("table.fleet");
  await shows(page, 'tr[data-agent="many-22"]', "working");
  await shows(page, `tr[data-agent="${long}"]`, word);
  expect(await overflow(page)).toBe(0);
});

test("an unknown agent's page offers the near ones", async () => {
  heartbeat("Snake-1234");
  await openAgent("Snake-1234");
  const page = await newPage();
  expectedProblems.push(`${serve.url}/agents/Snake-1243: Failed to load resource`);
  const response = await page.goto(`${serve.url}/agents/Snake-1243`);
  expect(response?.status()).toBe(404);
  await page.getByRole("link", { name: "Snake-1234" }).click();
  await page.waitForSelector("html.live");
  expect(await page.textContent("h1")).toBe("Snake-1234");
});

test("serve lost: the page says so and since when, and sends nothing; it is live again by itself", async () => {
  await using dir = await tempDir();
  const page = await (async () => {
    await using first = await startServe({ dataDir: dir.path });
    const agents = await connectBus({
      url: first.natsUrl,
      credsPath: first.credsPath,
      name: "agents",
      log: silentLogger,
    });
    agents.publish("agent.ada.heartbeat", { status: "working", current_task: "before" });
    await agents.flush();
    await waitFor(async () => (await first.fetch("/api/agents/ada")).ok, { what: "ada is known" });
    const opened = await show(await newPage({}, first), `${first.url}/agents/ada`);
    await agents.close();
    return opened;
  })();
  const failed = `${page.url()}: Failed to load resource:`;
  // 503 while the next serve starts and has its socket already.
  expectedProblems.push(`${failed} net::ERR_`, `${failed} the server responded with a status of 503`);
  await shows(page, "#lost", /is lost\. You see the state at \d\d:\d\d:\d\d \(\d\d:\d\d:\d\d UTC\)\./);
  expect(await page.getByRole("button", { name: "Stop" }).isDisabled()).toBe(true);
  await shows(page, "#orders-why", "the server cannot be reached");
  await shows(page, "#agent-head", "before");

  await using again = await startServe({ dataDir: dir.path, port: Number(new URL(page.url()).port) });
  const agents = await connectBus({
    url: again.natsUrl,
    credsPath: again.credsPath,
    name: "agents",
    log: silentLogger,
  });
  agents.publish("agent.ada.heartbeat", { status: "idle", current_task: "after" });
  await shows(page, "#agent-head", "after");
  expect(await page.locator("#lost").isHidden()).toBe(true);
  expect(await page.getByRole("button", { name: "Stop" }).isDisabled()).toBe(false);
  await agents.close();
});

test("NATS lost: the cause is named and nothing can be sent until it is back", async () => {
  await using web = await startTestApp();
  await web.heartbeat("ada");
  const http = await serveHttp({ host: "127.0.0.1", port: 0, fetch: web.app.fetch });
  try {
    const page = await show(await browser.newPage(), `http://127.0.0.1:${http.port}/agents/ada`);
    const pause = page.getByRole("button", { name: "Pause" });
    expect(await pause.isDisabled()).toBe(false);
    await web.test.nats.server.stop();
    await shows(page, "#nats", /connection to NATS is lost.*Commands are refused/);
    expect(await pause.isDisabled()).toBe(true);
    await shows(page, "#orders-why", "NATS");
    await page.close();
  } finally {
    await http.stop();
  }
});

/** The agent's page, once the server knows the agent. */
async function openAgent(id: string, options?: PageOptions): Promise<Page> {
  await waitFor(async () => (await serve.fetch(`/api/agents/${id}`)).ok, { what: `${id} is known` });
  return await open(`/agents/${id}`, options);
}
