// The tabs of an agent's page in real Chromium: wide and light, narrow and dark; live; and with texts that try to be more than texts.
import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { serveHttp } from "../../src/runtime.ts";
import { startChromium } from "../support/chromium.ts";
import { keepPicture } from "../support/keep-picture.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestApp, type TestApp } from "../web/test-app.ts";

const tabs = ["", "/transcript", "/messages", "/commands", "/cost", "/settings"];
const looks = [
  { name: "wide", width: 1280, height: 900, colorScheme: "light" },
  { name: "narrow", width: 360, height: 740, colorScheme: "dark" },
] as const;
const shot = (page: Page, name: string) => keepPicture(page, name, { fullPage: true });

const answer = `I found **three** places:

1. \`src/a.ts\`, see [the docs](https://example.com/docs)
2. a table

| file | lines |
| --- | --- |
| src/a.ts | 12 |

\`\`\`ts
const longLine = "${"x".repeat(200)}";
\`\`\`
<img src=x onerror="document.title='broken'"> <script>document.title='broken'</script>`;

/** An agent that works, with a conversation. */
async function startAgent(web: TestApp): Promise<void> {
  await web.heartbeat("ada", { agent_cli: "claude", current_task: "sort the mail", config_name: "demo" });
  await web.heartbeat("bob");
  let seq = 0;
  const tell = (kind: string, more: object) =>
    web.bus.publish("agent.ada.event", { kind, generation: 1, seq: ++seq, session_id: "s1", ...more });
  tell("prompt", { detail: "sort the mail" });
  tell("tool_start", { tool: "Bash", tool_use_id: "u1", detail: "make test" });
  tell("tool_failed", {
    tool: "Bash",
    tool_use_id: "u1",
    detail: "exit code 2: no rule to make target 'test'",
  });
  tell("tool_start", { tool: "Read", tool_use_id: "u2", detail: "/work/src/a.ts" });
  tell("tool_end", { tool: "Read", tool_use_id: "u2" });
  tell("tool_start", { tool: "Bash", tool_use_id: "u3", detail: "npm run build -- --all" });
  await store(web, { kind: "prompt", entry_id: "e1", text: "sort the mail" });
  await store(web, { kind: "thinking", entry_id: "e2", text: "Where is the mail?\nIn the inbox." });
  await store(web, {
    kind: "tool_call",
    entry_id: "e3",
    tool: "Bash",
    title: "make test",
    tool_use_id: "u1",
    text: '{"command":"make test"}',
  });
  await store(web, {
    kind: "tool_result",
    entry_id: "e4",
    tool_use_id: "u1",
    is_error: true,
    text: "exit code 2",
  });
  await store(web, { kind: "answer", entry_id: "e5", text: answer });
  await web.bus.publishStored("agent.ada.message", { message_id: "m1", from: "bob", text: "are you there?" });
  const body = new URLSearchParams({ type: "task", text: "then the post", command_id: "t1" });
  await web.app.request("/agents/ada/commands", { method: "POST", body });
  const isThere = ({
    commands,
    session,
  }: {
    commands: readonly unknown[];
    session?: { tools: readonly unknown[] };
  }) => commands.length === 2 && session?.tools.length === 1;
  await web.viewOf("ada", isThere, "ada's work");
}

function store(web: TestApp, entry: object): Promise<unknown> {
  return web.bus.publishStored("agent.ada.transcript", { session_id: "s1", ...entry });
}

test("the tabs of an agent: each fits its window, is marked, and is live; what is hostile is only text", async () => {
  await using web = await startTestApp();
  await startAgent(web);
  const http = await serveHttp({ host: "127.0.0.1", port: 0, fetch: web.app.fetch, maxBodyBytes: 1_000_000 });
  await using browser = await startChromium();
  const url = (path: string) => `http://127.0.0.1:${http.port}${path}`;
  try {
    for (const { name, ...look } of looks) {
      const page = await browser.newPage(look);
      for (const tab of tabs) {
        await page.goto(url(`/agents/ada${tab}`));
        await page.waitForSelector("html.live");
        const current = page.locator("nav.tabs a[aria-current=page]");
        expect(await current.getAttribute("href")).toBe(`/agents/ada${tab}`);
        expect([tab, await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)]).toEqual([
          tab,
          0,
        ]);
        await shot(page, `${name}${tab.replace("/", "-") || "-now"}`);
      }
    }
    await followTranscript(web, await browser.newPage(), url("/agents/ada/transcript"));
    await followCalls(web, await browser.newPage(), url("/agents/ada"));
    expect(browser.problems).toEqual([]);
  } finally {
    await http.stop();
  }
});

async function followTranscript(web: TestApp, page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector("html.live");
  expect(await page.locator("#transcript img, #transcript script").count()).toBe(0);
  expect(await page.locator("#transcript strong").textContent()).toBe("three");
  await store(web, {
    kind: "tool_call",
    entry_id: "e6",
    tool: "Write",
    title: "/work/b.ts",
    tool_use_id: "u6",
    text: "{}",
  });
  const call = page.locator("#transcript > li").filter({ hasText: "/work/b.ts" });
  await call.locator("summary").click();
  await call.filter({ hasText: "no result yet" }).waitFor();
  await store(web, { kind: "tool_result", entry_id: "e7", tool_use_id: "u6", text: "<b>written</b>" });
  await call.filter({ hasText: "<b>written</b>" }).waitFor();
  // It stays open, and the result is in it, and not an entry of its own.
  expect(await call.locator("details").getAttribute("open")).not.toBeNull();
  expect(await page.locator("#transcript > li").count()).toBe(5);
  await store(web, { kind: "answer", entry_id: "e8", text: answer });
  await page.locator("#transcript > li").nth(5).waitFor();
  expect(await page.title()).not.toContain("broken");
  await page.locator("#transcript > li a.moment").first().click();
  expect(page.url()).toEndWith("/agents/ada/transcript?after=0#t-1");
  await page.waitForSelector("html.live");
  expect(await page.locator("#transcript > li:target").getAttribute("id")).toBe("t-1");
}

async function followCalls(web: TestApp, page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector("html.live");
  const running = page.locator("#agent-running li");
  expect(await running.locator("code").textContent()).toBe("npm run build -- --all");
  const clock = await running.locator("time").textContent();
  await waitFor(async () => (await running.locator("time").textContent()) !== clock, {
    what: "the clock goes on",
  });
  web.bus.publish("agent.ada.event", {
    kind: "tool_end",
    tool: "Bash",
    tool_use_id: "u3",
    generation: 1,
    seq: 7,
  });
  await page.locator("#agent-running").filter({ hasText: "No tool call" }).waitFor();
  const first = page.locator("#agent-calls li").first();
  expect(await first.textContent()).toMatch(/Bashnpm run build -- --all\d/);
}
