// Each page of the dashboard under axe, in one real Chromium: light and dark, wide and narrow, and while something is lost. With forced
// colours nothing is too wide, and no badge cuts its word.
import { afterAll, beforeAll, expect, test } from "bun:test";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { agentClis } from "../../src/agents/agent-clis.ts";
import type { AgentRequest } from "../../src/domain/requests.ts";
import { silentLogger } from "../../src/log.ts";
import { type HttpServer, serveHttp } from "../../src/runtime.ts";
import type { SearchDesk } from "../../src/search/search.ts";
import { type AnswerLinkDesk, answerLinkPath } from "../../src/web/access/answer-links.ts";
import type { Spawner } from "../../src/web/api/spawner.ts";
import { createApp } from "../../src/web/app.ts";
import { type Browser, startChromium } from "../support/chromium.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestApp, type TestApp } from "../web/test-app.ts";

let browser: Browser;
let web: TestApp;
let http: HttpServer;
let locked: HttpServer;
let page: Page;
let other: Page;

const search: SearchDesk = {
  search: async () => ({
    hits: [
      {
        ...{ stream: "AUDIT", seq: 7, at: "2026-05-03T13:00:00.000Z", agent_id: "ada", kind: "said" },
        snippet: [{ text: "the " }, { text: "zebra", hit: true }, { text: " waits" }],
      },
    ],
    ...{ more: 1_000, more_at_least: true, searched_since: "2026-05-01T08:00:00.000Z" },
    ...{ older_are: "removed", waiting: 3 },
  }),
  forget: async () => 0,
  stop: async () => undefined,
};
const spawner: Spawner = {
  nodes: async () => [
    { name: "box", isHere: true },
    { name: "integration-laptop", isHere: false },
  ],
  profiles: async () => [
    { name: "coder", description: "writes code" },
    { name: "broken", problem: "no program claude" },
  ],
  spawn: () => Promise.reject(new Error("no test launches an agent")),
};

const node = { host: "build-17.lan.example", may_launch: true, joined_at: "2026-05-01T08:00:00.000Z" };
const listNodes = async () => [
  { ...node, name: "box", state: "here" as const, agents: 2, version: "1.2.3" },
  { ...node, name: "integration-laptop", state: "away" as const, last_heard: "2026-05-01T08:00:00.000Z" },
];

const answerLinks: AnswerLinkDesk = { key: "k".repeat(43), mayAnswer: async () => true };

beforeAll(async () => {
  const app = startTestApp({ spawner, search, answerLinks, listNodes });
  [browser, web] = await Promise.all([startChromium(), app]);
  const serve = (fetch: TestApp["app"]["fetch"]) => serveHttp({ host: "127.0.0.1", port: 0, fetch });
  http = await serve(web.app.fetch);
  const access = {
    ...{ token: () => undefined, onRotated: () => () => undefined, instance: "this-run" },
    ...{ port: 3000, secure: false, now: () => new Date() },
  };
  const { server, nats } = web.test;
  locked = await serve(
    createApp({
      ...{ server, natsUrl: nats.url, spawnCommand: "cliai spawn", clis: agentClis, search, access },
      ...{ operator: "kim", now: access.now, log: silentLogger },
    }).fetch,
  );
  await fillFleet();
  [page, other] = await Promise.all([newPage(), newPage()]);
});
afterAll(async () => {
  await Promise.all([http?.stop(), locked?.stop()]);
  await browser?.[Symbol.asyncDispose]();
  await web?.[Symbol.asyncDispose]();
});

async function newPage(): Promise<Page> {
  const made = await browser.newPage();
  // Colours that change are then there at once.
  await made.emulateMedia({ reducedMotion: "reduce" });
  // Not by a script element, which the content security policy of the page refuses.
  await made.addInitScript({ content: axe.source });
  return made;
}

/** One agent with something in each tab, one in each state, and all that can wait for a person. */
async function fillFleet(): Promise<void> {
  const { bus } = web;
  await web.heartbeat("ada", {
    ...{ agent_cli: "claude", current_task: "sort the mail", config_name: "coder", session_mode: "terminal" },
    ...{ project_path: "/work/shop", host: "bench", tags: ["api"] },
  });
  for (const status of ["idle", "paused", "blocked", "error", "stopped", "waiting"])
    await web.heartbeat(`a-${status}`, { status });
  bus.publish("agent.a-gone.heartbeat", { agent_id: "a-gone", status: "working", interval_s: 3_600 });
  await bus.publishStored("agent.a-gone.status", { status: "crashed", message: "SIGKILL" });
  await bus.publishStored("agent.a-failed.status", {
    status: "failed_to_start",
    message: "no program claude",
  });
  await web.heartbeat("a-silent", { interval_s: 0.01 });
  let seq = 0;
  const tell = (kind: string, more: object) =>
    bus.publishStored("agent.ada.event", { kind, generation: 1, seq: ++seq, session_id: "s1", ...more });
  await tell("prompt", { detail: "sort the mail" });
  await tell("tool_start", { tool: "Bash", tool_use_id: "u1", detail: "make test" });
  await tell("tool_failed", { tool: "Bash", tool_use_id: "u1", detail: "exit code 2" });
  await tell("tool_start", { tool: "Bash", tool_use_id: "u2", detail: "npm run build" });
  const usage = { source: "results", tokens_used: 41_000, estimated_cost: 1.25, model: "opus" };
  await tell("usage", { instance_id: "r1", usage });
  const says = (kind: string, more: object) =>
    bus.publishStored("agent.ada.transcript", { session_id: "s1", kind, entry_id: `e${++seq}`, ...more });
  await says("prompt", { text: "sort the mail" });
  await says("thinking", { text: "Where is the mail?" });
  await says("tool_call", { tool: "Bash", title: "make test", tool_use_id: "u1", text: "{}" });
  await says("tool_result", { tool_use_id: "u1", is_error: true, text: "exit code 2" });
  await says("answer", {
    text: "**three** places\n\n| file | lines |\n| --- | --- |\n| a.ts | 12 |\n\n`code`",
  });
  await bus.publishStored("agent.ada.message", { message_id: "m1", from: "a-idle", to: "ada", text: "hi?" });
  bus.publish("agent.a-idle.status", { status: 5 });
  const form = new URLSearchParams({ type: "task", text: "then the post", command_id: "t1" });
  await web.app.request("/agents/ada/commands", { method: "POST", body: form });
  await ask("a-blocked", "ask_human", { question: "which?", choices: ["left", "right"] });
  await ask("a-blocked", "ask_human", { question: "why?", context: "at the fork" });
  await ask("a-waiting", "request_stop_approval", { reason: "done", context: "", work_completed: "all" });
  await ask("a-waiting", "request_answers", {
    questions: [
      { question: "Sure?", choices: [{ label: "yes" }, { label: "no" }], takes: "choice" },
      { question: "How many?", choices: [], takes: "whole_number" },
    ],
  });
  const edit = { file_path: "/work/a.ts", old_string: "one\ntwo", new_string: "one\n2", replace_all: true };
  for (const [tool, input] of [
    ["Bash", { command: "rm -r build" }],
    ["Edit", edit],
    ["WebFetch", { url: "https://example.com/" }],
  ] as const)
    await ask("a-idle", "request_permission", { tool, input: JSON.stringify(input, null, 2) });
  await ask("a-paused", "request_permission", { tool: "Plan", input: "first **this**", plan: true });
  await fillRules();
  await fillLimit();
  bus.subscribe("agent.ada.watch", () => {
    const runs = [
      { text: "● Bash", fg: 2, is: ["bold"] },
      { text: " 90", fg: 8 },
      { text: "x", fg: 0, bg: 240 },
    ];
    const frame = { kind: "frame", seq: 1, has_window: false, instance_id: "run-1", whole: true };
    bus.publish("agent.ada.screen", { ...frame, columns: 40, rows: 3, lines: [{ row: 0, runs }] });
  });
  await bus.flush();
  await web.viewOf("ada", ({ commands }) => commands.length === 2, "ada's orders");
}

/** An agent whose turn has failed at a usage limit, and one of the same account that waits for its end. */
async function fillLimit(): Promise<void> {
  const account = { account: "plan", on_limit: "resume", priority: 5 };
  const { heartbeat } = await web.heartbeat("a-limited", account);
  await web.heartbeat("a-held", { account: "plan" });
  const { instance_id } = heartbeat ?? {};
  const limit_resets_at = new Date(Date.now() + 3_600_000).toISOString();
  const detail = "You've hit your 5-hour limit";
  for (const [seq, kind] of ["prompt", "turn_failed"].entries()) {
    const event = { kind, error: "usage_limit", detail, limit_resets_at, generation: 1, seq: seq + 1 };
    await web.bus.publishStored("agent.a-limited.event", { ...event, instance_id });
  }
  for (const id of ["a-limited", "a-held"]) {
    const { commands } = await web.viewOf(id, (view) => view.commands.length > 0, `${id} is told to pause`);
    await web.bus.publishStored(`agent.${id}.receipt`, {
      command_id: commands[0]?.command_id,
      state: "applied",
    });
    await web.viewOf(id, ({ axes }) => axes.control.value === "held", `${id} is shown as held`);
  }
}

/** A rule that stands, one that has ended, and a permission of which each kind of rule can be made, all with long words. */
async function fillRules(): Promise<void> {
  const place = { project_path: "/home/maria/company/monorepo/services/payments/gateway", host: "build-17" };
  const { heartbeat } = await web.heartbeat("a-ruled", { config_name: "integration-coder", ...place });
  const command = `docker compose run --rm gateway npm test -- --grep '${"retries ".repeat(20)}'`;
  const permit = (input: object) =>
    ask(
      "a-ruled",
      "request_permission",
      { tool: "Bash", input: JSON.stringify(input) },
      heartbeat?.instance_id,
    );
  const { requests, rules } = web.test.server;
  for (const words of [command, "npm test"]) {
    const id = await permit({ command: words });
    await requests.answer(id, { approved: true }, "kim (page)");
    const { rule_id } = await rules.make(id, { scope: "session" }, "kim (page)");
    if (words !== command) await rules.revoke(rule_id, "kim (page)");
  }
  await permit({ command: `${command} && npm run lint` });
}

/** Asks as an agent, and waits until the server has the request, whose id it returns. */
async function ask(id: string, tool: string, args: object, instance_id?: string): Promise<string> {
  const body = { request_id: crypto.randomUUID(), tool, arguments: { wait_s: 0, ...args }, instance_id };
  const response = await web.bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 });
  const { result } = JSON.parse(new TextDecoder().decode(response));
  const { requests } = web.test.server;
  const isOpen = () => requests.open().some(({ request_id }) => request_id === result.request_id);
  await waitFor(isOpen, { what: `the request of ${id} is open` });
  return result.request_id;
}

async function open(path: string, on: Page): Promise<void> {
  await on.goto(`http://127.0.0.1:${http.port}${path}`);
  // Nothing on an error page changes.
  await on.waitForSelector("html.live, html:not([data-stream])");
}

/** What axe finds on the page in each scheme at each width, and what forced colours break: empty for a sound page. */
async function findings(on: Page): Promise<string[]> {
  const found: string[] = [];
  for (const width of [1280, 360]) {
    await on.setViewportSize({ width, height: 800 });
    for (const colorScheme of ["light", "dark"] as const) {
      await on.emulateMedia({ colorScheme, forcedColors: "none" });
      const faults = await on.evaluate(axeFaults, colorScheme === "light");
      found.push(...faults.map((fault) => `${width} ${colorScheme} ${fault}`));
    }
    await on.emulateMedia({ forcedColors: "active" });
    const faults = await on.evaluate(forcedFaults);
    found.push(...faults.map((fault) => `${width} forced ${fault}`));
  }
  return found;
}

/** Runs in the page. @param hasAllRules whether by each rule; else only by the one on colours, for nothing else depends on the scheme */
async function axeFaults(hasAllRules: boolean): Promise<string[]> {
  const { axe } = window as unknown as { axe: typeof import("axe-core") };
  const { violations } = await axe.run({
    resultTypes: ["violations"],
    ...(hasAllRules ? { rules: { "target-size": { enabled: true } } } : { runOnly: ["color-contrast"] }),
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${html.slice(0, 150)} ${any[0]?.message ?? ""}`),
  );
}

/** What is too wide, or cut by its own badge, in the page. Runs there. */
function forcedFaults(): string[] {
  const wide = document.documentElement.scrollWidth - innerWidth;
  const faults = wide > 0 ? [`${wide} px too wide`] : [];
  for (const badge of document.querySelectorAll<HTMLElement>(".status, .count")) {
    if (!badge.checkVisibility()) continue;
    const words = document.createRange();
    const own = [...badge.childNodes].filter((node) => !(node instanceof Element && node.matches(".unseen")));
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined) continue;
    words.setStartBefore(first);
    words.setEndAfter(last);
    const [inner, outer] = [words.getBoundingClientRect(), badge.getBoundingClientRect()];
    const { borderLeftWidth, textOverflow } = getComputedStyle(badge);
    const border = Number.parseFloat(borderLeftWidth);
    // A pill with a border needs some room at its round ends.
    const room = border > 0 ? border + 2 : 0;
    if (
      inner.left < outer.left + room ||
      // In a narrow column the words may end in an ellipsis.
      (textOverflow !== "ellipsis" &&
        (inner.right > outer.right - room || badge.scrollWidth > badge.clientWidth + 1))
    )
      faults.push(`cuts its words: ${badge.outerHTML.slice(0, 150)}`);
  }
  return faults;
}

const pages = [
  "/",
  "/inbox",
  ...["", "/transcript", "/terminal", "/messages", "/commands", "/cost", "/settings"].map(
    (tab) => `/agents/ada${tab}`,
  ),
  ...["/rules", "/agents/a-ruled", "/agents/ada/terminal/type"],
  ...["/agents/a-blocked", "/agents/a-gone", "/spawn", "/bulk/stop", "/search?q=zebra", "/timeline"],
  ...["/messages?thread=m1", "/costs", "/report", "/system", "/phone", "/agents/nobody"],
];

/** Looks at each page, two at a time. */
async function findingsOn(paths: readonly string[]): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  const left = [...paths];
  const look = async (on: Page) => {
    for (let path = left.shift(); path !== undefined; path = left.shift()) {
      await open(path, on);
      const faults = await findings(on);
      if (faults.length > 0) found[path] = faults;
    }
  };
  await Promise.all([page, other].map(look));
  return found;
}

test("axe finds nothing on any page, in both schemes, wide and narrow, and forced colours cut nothing", async () => {
  expect(await findingsOn(pages)).toEqual({});
  const open = web.test.server.requests.open();
  const links = [
    open.find(({ choices }) => choices !== undefined),
    open.find(({ questions }) => questions !== undefined),
    open.find(({ tool }) => tool === "Edit"),
  ].map((request) => answerLinkPath(answerLinks.key, request as AgentRequest, "phone", new Date()));
  expect(await findingsOn(links)).toEqual({});
  for (const link of links) expect((await fetch(`http://127.0.0.1:${http.port}${link}`)).status).toBe(200);
  await page.goto(`http://127.0.0.1:${http.port}${links[0]}`);
  await page.getByRole("button", { name: "left" }).click();
  await page.getByRole("heading", { name: "Answered" }).waitFor();
  expect(await findings(page)).toEqual([]);
  await page.goto(`http://127.0.0.1:${locked.port}/`);
  expect(await findings(page)).toEqual([]);
  for (let i = 10; i < 24; i += 1)
    await web.heartbeat(`more-${i}`, {
      status: i % 3 === 0 ? "idle" : "working",
      current_task: "count words",
    });
  expect(await findingsOn(["/", "/?layout=cards"])).toEqual({});
});

test("where fingers touch, what can be pressed or typed into is 44 px high", async () => {
  const devtools = await other.context().newCDPSession(other);
  await devtools.send("Emulation.setTouchEmulationEnabled", { enabled: true });
  await other.setViewportSize({ width: 360, height: 740 });
  const small: string[] = [];
  for (const path of ["/inbox", "/agents/ada", "/spawn", "/messages?thread=m1"]) {
    await open(path, other);
    expect(await other.evaluate(() => matchMedia("(pointer: coarse)").matches)).toBe(true);
    const targets = other.locator("button, select, textarea, input[type=text], input[type=search], nav a");
    small.push(
      ...(await targets.evaluateAll((all) =>
        all
          .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 43.5)
          .map((each) => `${each.getBoundingClientRect().height} px: ${each.outerHTML.slice(0, 150)}`),
      )),
    );
  }
  expect(small).toEqual([]);
});

test("nor while NATS or serve is lost", async () => {
  const found: Record<string, string[]> = {};
  const paths = ["/", "/inbox", "/agents/ada"];
  const opened = await Promise.all(
    paths.map(async (path) => {
      const on = await newPage();
      await open(path, on);
      return { path, on };
    }),
  );
  const noteAll = async (name: string, isLost: string) => {
    const note = async ({ path, on }: (typeof opened)[number]) => {
      await on.locator(isLost).waitFor();
      const faults = await findings(on);
      if (faults.length > 0) found[`${name}: ${path}`] = faults;
    };
    await Promise.all(opened.map(note));
  };
  await web.test.nats.server.stop();
  await noteAll("no NATS", "#nats:visible");
  await http.stop();
  await noteAll("no serve", "html.stale");
  expect(found).toEqual({});
});
