// What an operator's hands do on the page, in real Chromium: a second click forces nothing, an answer leaves the other drafts and the place
// as they are, nothing that is typed is lost, and what cannot act says why.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { type HttpServer, serveHttp } from "../../src/runtime.ts";
import { pause } from "../../src/waiting.ts";
import { type Browser, type PageOptions, startChromium } from "../support/chromium.ts";
import { stays, waitFor } from "../support/wait-for.ts";
import { startTestApp, type TestApp } from "../web/test-app.ts";

let browser: Browser;
let web: TestApp;
let http: HttpServer;
let port: number;
/** Each command that the server has stored. */
const commands: { agent: string; type: string; payload?: { force?: boolean } }[] = [];

beforeAll(async () => {
  [browser, web] = await Promise.all([startChromium(), startTestApp()]);
  http = await serveHttp({ host: "127.0.0.1", port: 0, fetch: web.app.fetch });
  port = http.port;
  web.bus.subscribe("agent.*.command", ({ subject, data }) => {
    const command = JSON.parse(new TextDecoder().decode(data));
    commands.push({ agent: subject.split(".")[1] ?? "", ...command });
  });
  await web.bus.flush();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await http?.stop();
  await web?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  // A refused connection is the browser's own word for a server that was stopped on purpose.
  expect(browser.problems.filter((problem) => !problem.includes("net::ERR_"))).toEqual([]);
});

async function open(path: string, options?: PageOptions): Promise<Page> {
  return await goTo(await browser.newPage(options), path);
}

async function goTo(page: Page, path: string): Promise<Page> {
  await page.goto(`http://127.0.0.1:${port}${path}`);
  await page.waitForSelector("html.live");
  return page;
}

/** Asks as an agent does. Resolves with the request's id, once the server has it. */
async function ask(id: string, question: string, more: object = {}): Promise<string> {
  const body = {
    request_id: crypto.randomUUID(),
    tool: "ask_human",
    arguments: { wait_s: 0, question, ...more },
  };
  const response = await web.bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 });
  const { request_id } = JSON.parse(new TextDecoder().decode(response)).result;
  const isOpen = () => web.test.server.requests.open().some((each) => each.request_id === request_id);
  await waitFor(isOpen, { what: `${question} is open` });
  return request_id;
}

const item = (page: Page, id: string) => page.locator(`#request-${id}`);
const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.id || document.activeElement?.tagName || "");
/** What the assertive regions have said, each text once, in order. */
async function hear(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    for (const place of document.querySelectorAll('[role="alert"]')) {
      new MutationObserver(() => {
        const text = place.textContent ?? "";
        if (text !== "") heard.push(text);
      }).observe(place, { childList: true, characterData: true, subtree: true });
    }
  });
  return () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
}

test("two clicks on Stop, or Enter twice, stop gracefully; force is another button, which says what it cuts off", async () => {
  const { heartbeat } = await web.heartbeat("ada");
  const page = await open("/agents/ada");
  const stop = page.getByRole("button", { name: "Stop", exact: true });
  await stop.click();
  const apart = page.locator("#stop-now");
  await apart.waitFor();
  // Where the first click was, and what it left the focus on: neither does anything more.
  const { x, y, width, height } = (await stop.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.click(x + width / 2, y + height / 2);
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe("Stop");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.locator("#say").getByText("it is stopping").waitFor();
  await stays(() => commands.filter(({ agent }) => agent === "ada").length === 1, {
    what: "one command",
    because: "a second one would have been sent by now",
  });
  expect(commands.filter(({ agent }) => agent === "ada")).toMatchObject([{ type: "stop" }]);
  expect(commands[0]?.payload?.force).toBeUndefined();

  await apart.locator("summary").click();
  // Open, it stays so while the page changes.
  web.bus.publish("agent.ada.heartbeat", { ...heartbeat, agent_id: "ada", current_task: "something else" });
  await page.locator("#agent-head").getByText("something else").waitFor();
  await apart.getByText("the tools that run are cut off", { exact: false }).waitFor();
  await apart.getByRole("button", { name: "Stop now" }).click();
  await waitFor(() => commands.some(({ agent, payload }) => agent === "ada" && payload?.force === true), {
    what: "the stop by force",
  });
});

test("an answer is sent in place: the other drafts stay, the focus goes to the next request, the result is spoken", async () => {
  await web.heartbeat("bea");
  const [first, second, third] = [
    await ask("bea", "tea or coffee?", { choices: ["tea", "coffee"] }),
    await ask("bea", "which cup?"),
    await ask("bea", "how many?"),
  ];
  const page = await open("/inbox", { height: 500 });
  const heard = await hear(page);
  await item(page, third).getByRole("textbox").fill("a draft for the third");
  await item(page, second).getByRole("textbox").fill("the blue one");
  const url = page.url();
  await item(page, first).getByRole("button", { name: "tea" }).focus();
  await page.keyboard.press("Enter");
  await waitFor(async () => (await focused(page)) === `request-${second}`, {
    what: "the focus is on the next request",
    saw: () => focused(page),
  });
  expect(page.url()).toBe(url);
  expect(await item(page, second).getByRole("textbox").inputValue()).toBe("the blue one");
  expect(await item(page, third).getByRole("textbox").inputValue()).toBe("a draft for the third");
  const isSpoken = async () =>
    (await heard()).some((text) => /answered by kim \(page\) at .*: tea\. /.test(text));
  await waitFor(isSpoken, { what: "the delivery is spoken", saw: heard });

  // By keyboard alone from here: the text of the second, then the third, then none is left.
  await item(page, second).getByRole("textbox").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await waitFor(async () => (await focused(page)) === `request-${third}`, {
    what: "the third has the focus",
  });
  await item(page, third).getByRole("button", { name: "Answer" }).press("Enter");
  await waitFor(async () => (await focused(page)) === "title-nothing", {
    what: "the focus is on the words that nothing waits",
    saw: () => focused(page),
  });
  const texts = web.test.server.requests.all().filter(({ agent_id }) => agent_id === "bea");
  expect(texts.map(({ answer }) => answer?.text)).toEqual(["tea", "the blue one", "a draft for the third"]);
});

test("a click on a request that has just moved under the pointer answers nothing; a key does, and so does a later click", async () => {
  await web.heartbeat("amy");
  const choices = ["tea", "coffee"];
  const [first, second] = [
    await ask("amy", "at noon?", { choices }),
    await ask("amy", "at six?", { choices }),
  ];
  const page = await open("/inbox");
  // The second click of a double-click: at the same point, in the moment in which the first request has gone.
  await page.evaluate((id) => {
    const list = document.querySelector("ol.requests");
    const box = list?.querySelector("li.request button")?.getBoundingClientRect();
    if (list === null || box === undefined) return;
    const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
    const watch = new MutationObserver(() => {
      if (list.querySelectorAll("li.request").length > 1) return;
      watch.disconnect();
      const next = document.querySelector(`#request-${id} button`);
      next?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail: 2, ...at }));
    });
    watch.observe(list, { childList: true });
  }, second);
  const heard = await hear(page);
  await item(page, first).getByRole("button", { name: "tea" }).click();
  // The words on the first answer's delivery may take their place at once.
  await waitFor(async () => (await heard()).some((text) => text.includes("have just moved")), {
    ...{ what: "the second click is said to be ignored", saw: heard },
  });
  expect(web.test.server.requests.open().map(({ request_id }) => request_id)).toEqual([second]);
  await item(page, second).getByRole("button", { name: "coffee" }).focus();
  await page.keyboard.press("Enter");
  const { requests } = web.test.server;
  await waitFor(() => requests.open().length === 0, { what: "the second is answered" });
  const answers = requests.all().filter(({ agent_id }) => agent_id === "amy");
  expect(answers.map(({ answer }) => answer?.text)).toEqual(["tea", "coffee"]);
});

test("what became of an order is said: on the agent's page by its receipts, on the fleet page by its badge", async () => {
  const { heartbeat } = await web.heartbeat("ian");
  const page = await open("/agents/ian");
  const receipt = (command_id: string, state: string) =>
    web.bus.publish("agent.ian.receipt", { command_id, state });
  const last = () => commands.findLast(({ agent }) => agent === "ian") as unknown as { command_id: string };
  await page.getByRole("button", { name: "Pause" }).click();
  await page.locator("#order-result").getByText("pause stored.").waitFor();
  await waitFor(() => last() !== undefined, { what: "the pause" });
  receipt(last().command_id, "applied");
  await page.locator("#order-result").getByText("pause applied.").waitFor();
  await page.getByLabel("Task for ian").fill("dig");
  await page.getByRole("button", { name: "Send task" }).click();
  await page.locator("#order-result").getByText("task stored.").waitFor();
  await waitFor(() => JSON.stringify(last()).includes("dig"), { what: "the task" });
  receipt(last().command_id, "refused");
  await page.locator("#order-result.bad").getByText("task refused.").waitFor();

  const fleet = await open("/");
  const card = fleet.locator("#agent-ian");
  await card.getByRole("button", { name: "Resume" }).click();
  await waitFor(() => JSON.stringify(last()).includes("resume"), { what: "the resume" });
  receipt(last().command_id, "applied");
  web.bus.publish("agent.ian.heartbeat", { ...heartbeat, agent_id: "ian" });
  await fleet.locator("#say").getByText("ian: working.").waitFor();
});

test("a second click where Pause has just become Resume does not resume", async () => {
  await web.heartbeat("joy");
  const page = await open("/");
  const card = page.locator("#agent-joy");
  // Pressed again in the moment in which the button has changed.
  await page.evaluate(() => {
    const card = document.querySelector("#agent-joy");
    const watch = new MutationObserver(() => {
      const type = card?.querySelector<HTMLInputElement>("input[name=type]");
      if (type?.value !== "resume") return;
      watch.disconnect();
      type.form?.querySelector("button")?.click();
    });
    if (card !== null) watch.observe(card, { subtree: true, attributes: true, childList: true });
  });
  await card.getByRole("button", { name: "Pause" }).click();
  await waitFor(() => commands.some(({ agent }) => agent === "joy"), { what: "the pause" });
  const { command_id } = commands.find(({ agent }) => agent === "joy") as unknown as { command_id: string };
  web.bus.publish("agent.joy.receipt", { command_id, state: "applied" });
  await page.locator("#say").getByText("the button is resume now").waitFor();
  expect(commands.filter(({ agent }) => agent === "joy").map(({ type }) => type)).toEqual(["pause"]);
  await waitFor(
    async () => {
      // Once a click is sent, the button may be another one before the command is seen here.
      const resume = card.getByRole("button", { name: "Resume" });
      await resume.click({ timeout: 1_000 }).catch(() => undefined);
      return commands.filter(({ agent }) => agent === "joy").length > 1;
    },
    { what: "a later click resumes" },
  );
});

test("the focus stays near what had it when that goes away, also over further changes", async () => {
  const { heartbeat } = await web.heartbeat("kim");
  const id = await ask("kim", "now or later?");
  const [page, fleet, inbox] = [await open("/agents/kim"), await open("/"), await open("/inbox")];
  const held = (on: Page) => on.evaluate(() => document.activeElement?.outerHTML.slice(0, 60) ?? "");
  const change = async (task: string) => {
    web.bus.publish("agent.kim.heartbeat", { ...heartbeat, agent_id: "kim", current_task: task });
    await page.locator("#agent-head").getByText(task).waitFor();
    await fleet.locator("#agent-kim").getByText(task).waitFor();
  };
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.locator("#stop-now summary").click();
  await page.getByRole("button", { name: "Stop now" }).focus();
  await fleet.locator("#agent-kim").getByRole("link", { name: "Answer" }).focus();
  await item(inbox, id).getByRole("textbox").focus();
  await web.test.server.requests.answer(id, { text: "now" }, "eve");
  await fleet.locator("#agent-kim").getByRole("link", { name: "Answer" }).waitFor({ state: "detached" });
  await waitFor(async () => (await held(inbox)).includes("title-nothing"), { what: "nothing waits" });
  await change("one thing");
  await change("another thing");
  expect(await held(fleet)).toMatch(/id="agent-kim"|class="card-acts"/);
  expect(await held(inbox)).toContain("title-nothing");
  web.bus.publish("agent.kim.status", { status: "stopped" });
  await page.locator("#stop-now").waitFor({ state: "detached" });
  expect(await held(page)).toContain('id="order-buttons"');
});

test("a draft outlives a reload, and is gone once it is sent", async () => {
  await web.heartbeat("cleo");
  const id = await ask("cleo", "what colour?");
  const page = await open("/agents/cleo");
  await item(page, id).getByRole("textbox").fill("green, as");
  await page.getByLabel("Task for cleo").fill("water the plants");
  await page.reload();
  await page.waitForSelector("html.live");
  expect(await item(page, id).getByRole("textbox").inputValue()).toBe("green, as");
  expect(await page.getByLabel("Task for cleo").inputValue()).toBe("water the plants");
  await page.getByRole("button", { name: "Send task" }).click();
  await page.locator("#order-result").getByText("task stored").waitFor();
  await page.reload();
  await page.waitForSelector("html.live");
  expect(await page.getByLabel("Task for cleo").inputValue()).toBe("");
  expect(await item(page, id).getByRole("textbox").inputValue()).toBe("green, as");
  await item(page, id).getByRole("button", { name: "Answer" }).click();
  await page.getByText("cleo's request was answered").waitFor();
});

test("a message that is being written outlives a reload, too, and does not come again once it is sent", async () => {
  await web.heartbeat("max");
  const page = await open("/messages");
  const text = page.getByLabel("Message", { exact: true });
  await page.locator("select[name=to]").selectOption("max");
  await text.fill("look at the second page");
  await page.reload();
  expect(await text.inputValue()).toBe("look at the second page");
  await page.locator("select[name=to]").selectOption("max");
  // The page is patched once more while the message is sent.
  await page.route("**/messages", async (route) => {
    if (route.request().method() === "POST") {
      await web.heartbeat("nora");
      await pause(2_000); // playwright does not look into a page that is left
    }
    await route.continue();
  });
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForURL("**/messages?thread=*");
  await page.getByText("look at the second page").first().waitFor();
  await goTo(page, "/messages");
  expect(await text.inputValue()).toBe("");
});

test("what was typed stays when somebody else answers first: with who did, and the focus in it, until it is dismissed", async () => {
  await web.heartbeat("dan");
  const [first, second] = [await ask("dan", "left or right?"), await ask("dan", "up or down?")];
  const page = await open("/inbox", { width: 360, height: 740 });
  const heard = await hear(page);
  await item(page, first).getByRole("textbox").pressSequentially("right, because the left one is");
  await web.test.server.requests.answer(first, { text: "left" }, "eve");
  const kept = page.locator("[data-kept]");
  await kept.getByText("dan's request was answered by eve").waitFor();
  expect(await kept.getByRole("textbox").inputValue()).toBe("right, because the left one is");
  expect(await kept.getByRole("textbox").evaluate((field) => field === document.activeElement)).toBe(true);
  expect((await heard()).join("; ")).toContain("What you had typed stays on the page.");
  // It stays over further changes, before the request that it stood before.
  await ask("dan", "in or out?");
  await page.getByText("in or out?").first().waitFor();
  const order = await page
    .locator("ol.requests > li")
    .evaluateAll((items) => items.map((each) => each.id || "kept"));
  expect(order.slice(0, 2)).toEqual(["kept", `request-${second}`]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await kept.getByRole("button", { name: "Dismiss" }).press("Enter");
  expect(await kept.count()).toBe(0);
  expect(await focused(page)).toBe(`request-${second}`);
  for (const { request_id } of web.test.server.requests.open()) {
    await web.test.server.requests.answer(request_id, { text: "either" }, "eve");
  }
});

test("a new request is spoken at once on every page, each one once", async () => {
  await web.heartbeat("fay");
  await ask("fay", "first thing?");
  const page = await open("/");
  const heard = await hear(page);
  await ask("fay", "second thing?");
  await waitFor(async () => (await heard()).some((text) => text === "fay asks: second thing?"), {
    what: "the second is spoken",
    saw: heard,
  });
  await ask("fay", "third thing?");
  await waitFor(async () => (await heard()).includes("fay asks: third thing?"), { what: "the third, too" });
  expect((await heard()).filter((text) => text.includes("first") || text.includes("second"))).toHaveLength(1);
});

test("a draft whose request somebody else answered while the page was loaded again is shown, with who did", async () => {
  await web.heartbeat("hal");
  const [first, second] = [await ask("hal", "red or green?"), await ask("hal", "big or small?")];
  const page = await open("/inbox");
  await item(page, first).getByRole("textbox").fill("green, because");
  await item(page, second).getByRole("textbox").fill("small");
  await page.goto("about:blank");
  for (const id of [first, second])
    await web.test.server.requests.answer(id, { text: id === first ? "red" : "small" }, "eve");
  await goTo(page, "/inbox");
  // What was answered in the same words is not lost.
  const kept = page.locator("[data-kept]");
  expect(await kept.count()).toBe(1);
  await kept.getByText("hal's request was answered by eve").waitFor();
  await kept.getByText("red or green?").waitFor();
  expect(await kept.getByRole("textbox").inputValue()).toBe("green, because");
  await kept.getByRole("button", { name: "Dismiss" }).click();
  await page.reload();
  await page.waitForSelector("html.live");
  expect(await kept.count()).toBe(0);
});

test("words for an agent that needs them no longer stay, too; what was sent does not", async () => {
  await web.heartbeat("lea", { status: "error" });
  await web.heartbeat("leo", { status: "error" });
  const page = await open("/inbox");
  const words = (id: string) => page.getByLabel(`When it is mended, tell ${id}`);
  await words("lea").fill("the disk has space again");
  await words("leo").fill("go on");
  await words("leo").press("Enter");
  await waitFor(() => commands.some(({ agent, type }) => agent === "leo" && type === "task"), {
    what: "the words for leo",
  });
  await page.locator("#say").getByText("leo").waitFor();
  for (const id of ["lea", "leo"]) {
    await web.heartbeat(id, { status: "working" });
    await words(id).waitFor({ state: "detached" });
  }
  const kept = page.locator("[data-kept]");
  expect(await kept.count()).toBe(1);
  await kept.getByText("Not sent to lea").waitFor();
  expect(await kept.getByRole("textbox").inputValue()).toBe("the disk has space again");
});

test("while the server is away nothing is armed and nothing is lost: not the page, not the focus, not a letter", async () => {
  await web.heartbeat("gus");
  const id = await ask("gus", "may I?", { choices: ["yes", "no"] });
  const [page, inbox, fleet] = [await open("/agents/gus"), await open("/inbox"), await open("/")];
  const task = page.getByLabel("Task for gus");
  await task.pressSequentially("abc");
  await http.stop();
  for (const each of [page, inbox, fleet]) await each.waitForSelector("html.stale");
  await page.keyboard.type("def");
  expect(await task.inputValue()).toBe("abcdef");
  await task.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator("#say").getByText("the server cannot be reached").waitFor();
  expect(await task.inputValue()).toBe("abcdef");

  const yes = item(inbox, id).getByRole("button", { name: "yes" });
  expect(await yes.getAttribute("aria-disabled")).toBe("true");
  await yes.click({ force: true });
  await inbox.locator("#say").getByText("the server cannot be reached").waitFor();
  expect(await inbox.locator("#inbox").count()).toBe(1);
  await fleet.getByRole("link", { name: "Stop all" }).click({ force: true });
  await fleet.getByRole("link", { name: "gus" }).first().click();
  await fleet.locator("#say").getByText("the server cannot be reached").waitFor();
  // Nor does a search, whose answer would be another page.
  const words = fleet.getByRole("searchbox", { name: "Search agents" });
  await words.fill("gu");
  await words.press("Enter");
  await fleet.getByLabel("Group by").selectOption("project");
  expect(await words.inputValue()).toBe("gu");
  expect(new URL(fleet.url()).href).toBe(`http://127.0.0.1:${port}/`);

  http = await serveHttp({ host: "127.0.0.1", port, fetch: web.app.fetch });
  for (const each of [page, inbox]) await each.waitForSelector("html.live");
  await waitFor(async () => (await yes.getAttribute("aria-disabled")) === null, { what: "armed again" });
  await yes.click();
  await inbox.getByText("gus's request was answered").waitFor();
  await page.getByRole("button", { name: "Send task" }).click();
  await waitFor(() => commands.some(({ agent, type }) => agent === "gus" && type === "task"), {
    what: "the task is sent",
  });
});
