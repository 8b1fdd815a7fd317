// `cliai notify`, and hooks and webhooks of a real serve.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import type { Told } from "../../src/notify/open-notices.ts";
import { startChromium } from "../support/chromium.ts";
import { startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";
import { startWebhookReceiver } from "../support/webhook-receiver.ts";

test("a serve tells a webhook and a hook, and cliai notify lists and tries them", async () => {
  await using receiver = await startWebhookReceiver();
  await using serve = await startServe();
  const none = await serve.run(["notify"]);
  expect(none).toMatchObject({ code: 0, stdout: "" });
  expect(none.stderr).toContain("nobody is told");
  const command = [
    process.execPath,
    "-e",
    'require("fs").appendFileSync("told", require("fs").readFileSync(0))',
  ];
  await writeFile(join(serve.dataDir, "hooks.json"), JSON.stringify({ log: { on: ["error"], command } }), {
    mode: 0o600,
  });
  const targets = { ops: { url: `${receiver.url}/s3cret-path`, on: ["error"] } };
  await writeFile(join(serve.dataDir, "notify.json"), JSON.stringify({ targets }), { mode: 0o600 });
  await until("both", async () => JSON.parse((await serve.run(["notify", "--json"])).stdout).length === 2);

  const tried = await serve.run(["notify", "test"]);
  expect(tried.code).toBe(0);
  expect(tried.stdout).toMatch(/^ok {3}ops: taken in \d+ ms\nok {3}hook log: taken in \d+ ms\n$/);
  const link = JSON.parse(receiver.taken[0]?.body ?? "{}").link as string;
  expect((await serve.fetch(new URL(link).pathname)).status).toBe(200);

  const beat = { agent_id: "ada", status: "error", current_task: "x" };
  await serve.fetch("/api/heartbeat", { method: "POST", body: JSON.stringify(beat) });
  await until("the webhook", () => receiver.taken.some(({ body }) => body.includes('"ada has an error"')));
  await until("the hook", () =>
    readFileSync(join(serve.dataDir, "told"), "utf8").includes('"ada has an error"'),
  );

  await receiver.down();
  const failed = await serve.run(["notify", "test", "ops"]);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain("cannot be reached: ECONNREFUSED");
  expect((await serve.run(["notify", "test", "opps"])).stderr).toBe(
    'error: no target, no browser and no hook is called "opps"\nhint: did you mean ops?\n',
  );
  const listed = await serve.run(["notify"]);
  expect(listed.stdout).toContain(`ops  ${receiver.url}  error\n  told `);
  expect(listed.stdout + serve.child.stderr).not.toContain("s3cret-path");
});

test("a link in a webhook answers a question once, without a token, in the name of its target, also after a restart of serve", async () => {
  await using receiver = await startWebhookReceiver();
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  const targets = { ops: { url: receiver.url, answer_links: ["question"] } };
  await mkdir(dataDir, { mode: 0o700 });
  await writeFile(join(dataDir, "notify.json"), JSON.stringify({ targets }), { mode: 0o600 });
  let path = "";
  const open = (url: string) => fetch(url + path);
  const answer = async (url: string, choice: string) => {
    const body = new URLSearchParams(path.split("?")[1]);
    body.set("choice", choice);
    return await fetch(`${url}/answer`, { method: "POST", headers: { origin: url }, body });
  };
  {
    await using serve = await startServe({ dataDir });
    const { natsUrl: url, credsPath } = serve;
    const bus = await connectBus({ url, credsPath, name: "ada", log: silentLogger });
    await using _ = { [Symbol.asyncDispose]: () => bus.close() };
    bus.publish("agent.ada.heartbeat", { agent_id: "ada", status: "working", interval_s: 3_600 });
    const args = { question: "Which colour?", choices: ["red", "blue"], wait_s: 0 };
    const question = { request_id: crypto.randomUUID(), tool: "ask_human", arguments: args };
    await bus.request("tools.call.ada", question, { timeoutMs: 60_000 });
    await until("the webhook", () => receiver.taken.some(({ body }) => body.includes("Which colour?")));
    const link = new URL(JSON.parse(receiver.taken[0]?.body ?? "{}").notices[0].answer_link);
    expect(link.origin).toBe(serve.url);
    path = link.pathname + link.search;
    expect((await serve.run(["notify"])).stdout).toContain("its links answer: question");
  }
  await using serve = await startServe({ dataDir });
  expect(await (await open(serve.url)).text()).toContain('value="blue"');
  expect((await answer(serve.url, "blue")).status).toBe(200);
  expect((await answer(serve.url, "red")).status).toBe(409);
  const [ended] = await (await serve.fetch("/api/requests?state=ended")).json();
  expect(ended.answer).toMatchObject({ text: "blue", by: "ops (link)" });
  await until("the audit", async () => (await serve.run(["audit", "--json"])).stdout.includes("ops (link)"));
  expect(serve.child.stderr).not.toContain(new URLSearchParams(path.split("?")[1]).get("code") ?? "");
});

test("while a page of the dashboard is in front, a target is not told; it is when the page has gone", async () => {
  await using receiver = await startWebhookReceiver();
  await using browser = await startChromium();
  await using serve = await startServe();
  const told = { url: receiver.url, on: ["error"], every_s: 0 };
  const targets = { kim: told, team: { ...told, url: `${receiver.url}/team`, in_front: "tell" } };
  await writeFile(join(serve.dataDir, "notify.json"), JSON.stringify({ targets }), { mode: 0o600 });
  await until("both", async () => JSON.parse((await serve.run(["notify", "--json"])).stdout).length === 2);
  const page = await browser.newPage();
  const noted = () => page.waitForResponse((response) => new URL(response.url()).pathname === "/in-front");
  await Promise.all([noted(), page.goto(await serve.loginUrl())]);
  const beat = { agent_id: "ada", status: "error", current_task: "x" };
  await serve.fetch("/api/heartbeat", { method: "POST", body: JSON.stringify(beat) });
  const toldAt = () => receiver.taken.map(({ path }) => path);
  await until("the team is told", () => toldAt().includes("/team"));
  await until("the other waits", async () => {
    const listed: Told[] = JSON.parse((await serve.run(["notify", "--json"])).stdout);
    return listed.some(({ name, waiting }) => name === "kim" && waiting === 1);
  });
  expect(toldAt()).toEqual(["/team"]);
  // As for another tab: Chromium has no other window here.
  await page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await until("the other is told", () => toldAt().includes("/"));
  expect(browser.problems).toEqual([]);
});
