// A phone, from its pairing code to its end: real Chromium, 360 px wide, touched by fingers; over TLS with the certificate that serve has made,
// and on loopback, which browsers trust.
import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { startChromium } from "../support/chromium.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

const flags = ["--phone", "--phone-host", "127.0.0.1", "--phone-port", "0"];

async function pairUrl(serve: RunningServe): Promise<string> {
  return JSON.parse((await serve.run(["token", "pair", "--json"])).stdout).pair_url;
}

/** The state of the device that the page shows; it is known when the browser has the service worker, or has none. */
const shownState = (page: Page) =>
  page.waitForFunction(() => {
    const shown = [...document.querySelectorAll("[data-device-state]")].find(
      (part) => !part.hasAttribute("hidden"),
    );
    const state = shown?.getAttribute("data-device-state");
    return state !== "unknown" && state;
  });

test("a phone signs in by its code, answers and stops agents, is told why it cannot install the page, and is signed out by its name", async () => {
  await using browser = await startChromium();
  await using serve = await startServe({ args: flags });
  const { natsUrl: url, credsPath } = serve;
  const bus = await connectBus({ url, credsPath, name: "ada", log: silentLogger });
  await using _ = { [Symbol.asyncDispose]: () => bus.close() };
  bus.publish("agent.ada.heartbeat", { agent_id: "ada", status: "working", interval_s: 3_600 });
  const question = {
    request_id: crypto.randomUUID(),
    tool: "ask_human",
    arguments: { question: "may I?", wait_s: 0 },
  };
  await bus.request("tools.call.ada", question, { timeoutMs: 60_000 });

  const page = await browser.newPage({ width: 360, height: 740, isPhone: true });
  const first = await pairUrl(serve);
  const { origin } = new URL(first);
  expect(origin).toStartWith("https://127.0.0.1:");
  await page.goto(first);
  await page.getByRole("button", { name: "Sign in" }).tap();
  await page.getByText("It is signed in as phone").waitFor();
  // Chromium lets the page through, as after its warning, and has no service worker over such a connection.
  expect(await (await shownState(page)).jsonValue()).toBe("untrusted");
  await page.getByText("Installing and push messages are off").filter({ visible: true }).waitFor();

  await page.goto(`${origin}/inbox`);
  await page.waitForSelector("html.live");
  await page.getByLabel("Answer", { exact: true }).fill("yes");
  await page.getByRole("button", { name: "Answer" }).tap();
  await page.getByText("phone (token)").first().waitFor();
  for (const path of ["/", "/inbox", "/agents/ada", "/agents/ada/commands", "/bulk/stop", "/phone"]) {
    await page.goto(origin + path);
    expect([path, await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)]).toEqual([
      path,
      0,
    ]);
  }
  await page.goto(`${origin}/agents/ada`);
  await page.waitForSelector("html.live");
  await page.getByRole("button", { name: "Stop", exact: true }).first().tap();
  await page.goto(`${origin}/agents/ada/commands`);
  await page.getByText("phone (token)").first().waitFor();

  expect((await serve.run(["token", "revoke", "phone"])).code).toBe(0);
  await page.goto(`${origin}/inbox`);
  await page.getByText("You are not signed in").waitFor();
  await page.goto(first);
  await page.getByText("This pairing code has been used, or is too old").waitFor();
  const known = /when fetching the script|401|403/; // of the worker, and of the two pages
  expect(browser.problems.filter((problem) => !known.test(problem))).toEqual([]);
});

test("a device that trusts the server keeps a page of ours, and nothing of the fleet; it shows it while the server is away, and comes back by itself", async () => {
  await using browser = await startChromium();
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await using serve = await startServe({ dataDir });
  const page = await browser.newPage({ width: 360, height: 740, isPhone: true });
  await page.goto(await serve.loginUrl());
  await page.goto(`${serve.url}/phone`);
  expect(await (await shownState(page)).jsonValue()).toBe("ready");
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  for (const path of ["/", "/inbox", "/phone"]) {
    expect((await page.goto(serve.url + path))?.status()).toBe(200);
    await page.waitForSelector("html.live, html:not([data-stream])");
  }
  const kept = await page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map((request) => new URL(request.url).pathname.replace(/[0-9a-f]{16}/, "VERSION"));
  });
  expect(kept.sort()).toEqual([
    "/assets/VERSION/install/offline.js",
    "/assets/VERSION/style.css",
    "/offline",
  ]);
  expect(browser.problems).toEqual([]); // what follows is an error on the console

  serve.child.kill("SIGTERM");
  await serve.child.exit();
  await page.goto(`${serve.url}/inbox?from=there`);
  await page.getByRole("heading", { name: "No connection to cliai" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  await using _ = await startServe({ dataDir, port: Number(new URL(serve.url).port) });
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  expect(page.url()).toBe(`${serve.url}/inbox?from=there`);
});

test("a device turns push messages on as far as Chromium can in a test; the server refuses a push service that it does not know", async () => {
  await using browser = await startChromium();
  await using serve = await startServe();
  const page = await browser.newPage({ width: 360, height: 740, isPhone: true });
  await page.context().grantPermissions(["notifications"], { origin: serve.url });
  await page.goto(await serve.loginUrl());
  await page.goto(`${serve.url}/phone`);
  const on = page.getByRole("button", { name: "Turn push messages on" });
  await on.waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  await on.tap();
  await page.getByText("Not changed:").waitFor(); // Chromium subscribes in no window without a profile, as this one is
  // What a browser with its push service does next.
  const key = (await page.locator("[data-push-key]").getAttribute("data-push-key")) ?? "";
  const subscribe = (endpoint: string) =>
    page.evaluate(
      ([address = "", point = ""]) => {
        const text = atob(point.replaceAll("-", "+").replaceAll("_", "/"));
        const applicationServerKey = Uint8Array.from(text, (each) => each.charCodeAt(0)).buffer;
        const keys = { p256dh: point, auth: "A".repeat(22) };
        PushManager.prototype.subscribe = async () =>
          ({
            ...{ endpoint: address, options: { applicationServerKey } },
            toJSON: () => ({ endpoint: address, keys }),
          }) as unknown as PushSubscription;
      },
      [endpoint, key],
    );
  await subscribe("https://10.0.0.1/abc");
  await on.tap();
  await page.getByText("https://10.0.0.1 is not a push service that this server sends to").waitFor();
  await subscribe("https://fcm.googleapis.com/fcm/send/abc");
  await on.tap();
  await page.getByText("They are on.").waitFor();
  const listed: unknown = JSON.parse((await serve.run(["notify", "--json"])).stdout);
  expect(listed).toMatchObject([{ type: "device", to: "fcm.googleapis.com", waiting: 0 }]);
  expect(browser.problems.filter((problem) => !/status of 403|incognito mode/.test(problem))).toEqual([]);
});

test("the service worker shows a push message, unless its page is in front, and a press on it opens its page", async () => {
  await using browser = await startChromium();
  await using serve = await startServe();
  const page = await browser.newPage({ width: 360, height: 740, isPhone: true });
  const context = page.context();
  await context.grantPermissions(["notifications"], { origin: serve.url });
  await page.goto(await serve.loginUrl());
  await page.goto(`${serve.url}/phone`);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  const devtools = await context.newCDPSession(page);
  const registered = Promise.withResolvers<string>();
  devtools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: [first] }) => {
    if (first !== undefined) registered.resolve(first.registrationId);
  });
  await devtools.send("ServiceWorker.enable");
  const place = { origin: serve.url, registrationId: await registered.promise };
  // What a push service would bring: here the developer tools hand it to the worker.
  const push = (told: object) =>
    devtools.send("ServiceWorker.deliverPushMessage", { ...place, data: JSON.stringify(told) });
  const [worker] = context.serviceWorkers();
  if (worker === undefined) throw new Error("there is no service worker");
  const shown = () =>
    worker.evaluate(async () => {
      const { registration } = globalThis as unknown as { registration: ServiceWorkerRegistration };
      const all = await registration.getNotifications();
      return all.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
    });
  const told = { title: "ada asks", text: "Which colour?", path: "/inbox#request-r1" };
  await push({ ...told, id: "in-front" });
  expect(await shown()).toEqual([]); // and so the worker has had it
  // Playwright has each page count as the one in front. Without that, the one that was opened last is.
  await (await context.newPage()).bringToFront();
  await devtools.send("Emulation.setFocusEmulationEnabled", { enabled: false });
  const isInFront = () =>
    worker.evaluate(async () => {
      type Pages = { matchAll(which: object): Promise<readonly { readonly focused: boolean }[]> };
      const { clients } = globalThis as unknown as { clients: Pages };
      return (await clients.matchAll({ type: "window" })).some(({ focused }) => focused);
    });
  await until("no page is in front", async () => !(await isInFront()));
  await push({ ...told, id: "behind" });
  await push({ ...told, id: "behind" });
  await until("it is shown", async () => (await shown()).length > 0);
  expect(await shown()).toEqual([
    { title: "ada asks", body: "Which colour?", tag: "behind", data: { path: told.path } },
  ]);
  // Chromium has no press on a notification in a test: the worker is told of one.
  await worker.evaluate(async () => {
    const scope = globalThis as unknown as EventTarget & {
      readonly registration: ServiceWorkerRegistration;
      readonly NotificationEvent: new (type: string, facts: object) => Event;
    };
    const [notification] = await scope.registration.getNotifications();
    scope.dispatchEvent(new scope.NotificationEvent("notificationclick", { notification }));
  });
  await page.waitForURL(serve.url + told.path);
  await until("it is taken away", async () => (await shown()).length === 0);
  expect(browser.problems).toEqual([]);
});
