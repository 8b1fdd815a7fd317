// This room holds what installing the dashboard needs in the browser: the service worker, and the script of the page that it shows without a server.
//
// The service worker: shows a page of ours when the server cannot be reached. It keeps that page and its files only, never anything about the
// fleet; everything else is fetched as without it. Its address has the version of the assets, so that a new build brings a new worker,
// which removes what the old one kept. It also shows the push messages that serve sends, and opens their pages.

/**
 * @typedef {Event & { waitUntil(work: Promise<unknown>): void }} LifeEvent
 * @typedef {LifeEvent & { readonly request: Request, respondWith(answer: Promise<Response>): void }} AskedEvent
 * @typedef {LifeEvent & { readonly data: { json(): unknown } | null }} PushedEvent
 * @typedef {LifeEvent & { readonly notification: Notification }} ClickedEvent
 * @typedef {{ readonly url: string, readonly focused: boolean, focus(): Promise<unknown>, navigate(url: string): Promise<unknown> }} OpenPage
 * @typedef {{ claim(): Promise<void>, matchAll(which: object): Promise<OpenPage[]>, openWindow(url: string): Promise<unknown> }} OpenPages
 * @typedef {{ skipWaiting(): Promise<void>, readonly clients: OpenPages, readonly registration: ServiceWorkerRegistration }} Worker
 * @typedef {{ id: string, title: string, text: string, path: string }} Told what serve sends
 */

const worker = /** @type {Worker} */ (/** @type {unknown} */ (self));
/** Such as `/assets/0123456789abcdef/`. */
const folder = new URL("..", self.location.href).pathname;
const cacheName = `cliai ${folder}`;
const page = "/offline";
const files = ["style.css", "install/offline.js"].map((name) => folder + name);

self.addEventListener("install", (event) => {
  /** @type {LifeEvent} */ (event).waitUntil(keep());
});
self.addEventListener("activate", (event) => {
  /** @type {LifeEvent} */ (event).waitUntil(forgetOthers());
});
self.addEventListener("fetch", (event) => {
  const asked = /** @type {AskedEvent} */ (event);
  const { request } = asked;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") asked.respondWith(fetchPage(request));
  else if (files.includes(new URL(request.url).pathname)) asked.respondWith(fetchFile(request));
});

self.addEventListener("push", (event) => {
  const pushed = /** @type {PushedEvent} */ (event);
  pushed.waitUntil(show(/** @type {Told} */ (pushed.data?.json() ?? {})));
});
self.addEventListener("notificationclick", (event) => {
  const clicked = /** @type {ClickedEvent} */ (event);
  clicked.notification.close();
  clicked.waitUntil(open(clicked.notification.data?.path));
});

/** @param {Told} told */
async function show({ id, title, text, path }) {
  const { registration } = worker;
  if ((await pagesOf()).some(({ focused }) => focused) && !(await mustShow(registration))) return;
  await registration.showNotification(title ?? "cliai", {
    // The same message, sent again, replaces itself.
    ...{ body: text, tag: id, data: { path } },
    icon: `${folder}icon-192.png`,
  });
}

/** Whoever looks at the page sees it there. But Safari ends a subscription whose messages are not shown. @param {ServiceWorkerRegistration} registration */
async function mustShow({ pushManager }) {
  const subscription = await pushManager.getSubscription();
  return subscription !== null && new URL(subscription.endpoint).hostname.endsWith(".push.apple.com");
}

/** @param {unknown} path */
async function open(path) {
  const url = new URL(typeof path === "string" ? path : "/", self.location.origin);
  if (url.origin !== self.location.origin) return;
  const [page] = await pagesOf();
  if (page === undefined) return await worker.clients.openWindow(url.href);
  await page.focus().catch(() => undefined); // a browser may refuse that, and can show the page all the same
  return await page.navigate(url.href);
}

/** The open pages of this server. */
function pagesOf() {
  return worker.clients.matchAll({ type: "window" });
}

async function keep() {
  const cache = await caches.open(cacheName);
  await cache.addAll([page, ...files]);
  await worker.skipWaiting();
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(
    names
      .filter((name) => name.startsWith("cliai ") && name !== cacheName)
      .map((name) => caches.delete(name)),
  );
  await worker.clients.claim();
}

/** @param {Request} request */
async function fetchPage(request) {
  try {
    const answer = await fetch(request);
    // A server that starts or ends answers everybody so.
    const isStarting = answer.status === 503 && answer.headers.get("content-type")?.includes("json");
    return (isStarting && (await kept(page))) || answer;
  } catch (error) {
    const offline = await kept(page);
    if (offline === undefined) throw error;
    return offline;
  }
}

/** @param {Request} request */
async function fetchFile(request) {
  return (await kept(new URL(request.url).pathname)) ?? (await fetch(request));
}

/** @param {string} path */
async function kept(path) {
  return await (await caches.open(cacheName)).match(path);
}
