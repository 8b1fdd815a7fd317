// Searching as a person does it: by the command, on the page in real Chromium, and after the index was lost.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { type Browser, startChromium } from "../support/chromium.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { waitFor } from "../support/wait-for.ts";

let browser: Browser;
let serve: RunningServe;
let bus: Bus;

beforeAll(async () => {
  [browser, serve] = await Promise.all([startChromium(), startServe()]);
  bus = await connectBus({
    url: serve.natsUrl,
    credsPath: serve.credsPath,
    name: "agents",
    log: silentLogger,
  });
  heartbeat("ada", "/work/shop");
  heartbeat("bob", "/work/till");
  await say("ada", "I renamed the zebra crossing in read-order.ts");
  await say("bob", "the zebra waits; no answer from the cache yet");
  await say("bob", "OPENAI_API_KEY=sk-abcdefghijklmnopqrst was in the zebra's log");
});
afterAll(async () => {
  await bus?.close();
  await browser?.[Symbol.asyncDispose]();
  await serve?.[Symbol.asyncDispose]();
});

function heartbeat(id: string, project_path: string): void {
  bus.publish(`agent.${id}.heartbeat`, { agent_id: id, status: "working", project_path, interval_s: 3_600 });
}

async function say(id: string, detail: string): Promise<void> {
  await bus.publishStored(`agent.${id}.event`, { kind: "said", detail }, { id: crypto.randomUUID() });
}

const search = (...args: string[]) => serve.run(["search", ...args]);

async function foundBy(
  ...args: string[]
): Promise<{ agent_id: string; snippet: { text: string; hit?: true }[] }[]> {
  const { stdout } = await search(...args, "--json");
  return JSON.parse(stdout).hits;
}

const whose = async (...args: string[]) => (await foundBy(...args)).map(({ agent_id }) => agent_id);

test("cliai search finds words, phrases and beginnings, by agent and project, without secrets", async () => {
  await waitFor(async () => (await whose("zebra")).length === 3, { what: "all is indexed" });
  expect(await whose("zebra", "--agent", "ada")).toEqual(["ada"]);
  expect(await whose("zebra", "--project", "till")).toEqual(["bob", "bob"]);
  expect(await whose("no answer")).toEqual(["bob"]);
  expect(await whose("answer no")).toEqual([]);
  expect(await whose("read-order.ts")).toEqual(["ada"]);
  expect(await whose("renam*")).toEqual(["ada"]);
  expect(await whose("zebra", "--kind", "status")).toEqual([]);
  expect(await whose("abcdefghijklmnopqrst")).toEqual([]);
  const { code, stdout, stderr } = await search("zebra", "waits");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(
    /^\d{4}-\d\d-\d\d\n\d\d:\d\d:\d\d {2}bob {2}said {2}the zebra waits; no answer from the cache yet\n$/,
  );
  expect((await search("zebra", "--limit", "1")).stderr).toBe("+2 older: add --limit 3, or more words\n");
  expect(await search("nowhere")).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "nothing kept has nowhere\n",
  });
  expect(await search('zebra "no')).toMatchObject({ code: 2, stdout: "" });
  expect((await search("zebra", "--project", "tell")).stderr).toContain("hint: did you mean till");
  expect(await serve.run(["find", "zebra", "--json"])).toMatchObject({ code: 0 });
});

test.skipIf(process.platform !== "linux")(
  "an index that was lost with its process is filled again at the next search",
  async () => {
    expect(await whose("zebra")).toHaveLength(3);
    const dir = join(serve.dataDir, "search");
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dir, "index.db"))).mode & 0o777).toBe(0o600);
    await rm(dir, { recursive: true });
    const killed = await indexProcess();
    process.kill(killed, "SIGKILL");
    const isFound = async () =>
      (await search("zebra", "--json")).code === 0 && (await whose("zebra")).length === 3;
    await waitFor(isFound, { what: "the new process finds all" });
    expect(await indexProcess()).not.toBe(killed);
  },
);

/** The process id of the search-index that serve has started. */
async function indexProcess(): Promise<number> {
  const { pid } = serve.child;
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ");
  for (const child of children) {
    const words = await readFile(`/proc/${child}/cmdline`, "utf8").catch(() => ""); // it has just ended
    if (words.includes("search-index")) return Number(child);
  }
  throw new Error("serve runs no search-index");
}

test.each([
  [1280, "light"],
  [360, "dark"],
] as const)(
  "the page finds, marks what was found, and links to the agent (%d px, %s)",
  async (width, colorScheme) => {
    const page = await browser.newPage({ width, colorScheme });
    await page.goto(await serve.loginUrl());
    await page.getByRole("link", { name: "Search" }).first().click();
    await page.getByRole("searchbox").fill("zebra");
    await page.keyboard.press("Enter");
    await page.locator(".hit").nth(2).waitFor();
    expect(await page.locator("mark").allTextContents()).toEqual(["zebra", "zebra", "zebra"]);
    expect(new URL(page.url()).searchParams.get("text")).toBe("zebra");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await page.locator("input[name=agent]").fill("ada");
    await page.getByRole("button", { name: "Search" }).click();
    await page.locator(".hit").first().waitFor();
    expect(await page.locator(".hit").count()).toBe(1);
    await page.locator(".hit a").click();
    await page.waitForURL("**/agents/ada/transcript?since=*");
    expect(browser.problems).toEqual([]);
  },
);

test("agents remove --purge drops the agent's records from the search", async () => {
  expect(await whose("zebra", "--agent", "bob")).toHaveLength(2);
  const transcript = { entry_id: "e1", kind: "answer", text: "a zebra in the transcript" };
  await bus.publishStored("agent.bob.transcript", transcript, { id: "e1" });
  const inTranscript = () => whose("zebra", "--kind", "transcript");
  await waitFor(async () => (await inTranscript()).length === 1, { what: "the transcript is found" });
  const removed = await serve.run(["agents", "remove", "bob", "--force", "--purge"]);
  expect(removed).toMatchObject({ code: 0, stdout: "bob: removed\n", stderr: "" });
  expect(await whose("zebra")).toEqual(["ada"]);
  const { messages } = (await (await bus.connection.jetstreamManager()).streams.info("TRANSCRIPTS")).state;
  expect(messages).toBe(0);
  // An agent that is gone already can be purged again, in case it was not, or not wholly.
  await bus.publishStored("agent.bob.transcript", transcript, { id: "e2" });
  expect(await serve.run(["agents", "remove", "bob", "--purge"])).toMatchObject({
    ...{ code: 0, stdout: "bob: removed\n", stderr: "" },
  });
  expect(await inTranscript()).toEqual([]);
  expect(await serve.run(["agents", "remove", "bob"])).toMatchObject({ code: 2 });
  expect(await serve.run(["agents", "remove", "rob", "--purge"])).toMatchObject({ code: 2 });
  // The signed history keeps them.
  expect((await serve.run(["audit", "--text", "zebra waits"])).stdout).toContain("zebra waits");
});
