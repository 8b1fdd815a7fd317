// This room holds what installing the dashboard needs in the browser: the service worker, and the script of the page that it shows without a server.
//
// The service worker: shows a page of ours when the server cannot be reached. It keeps that page and its files only, never anything about the
// fleet; everything else is fetched as without it. Its address has the version of the assets, so that a new build brings a new worker,
// which removes what the old one kept.

/**
 * @typedef {Event & { waitUntil(work: Promise<unknown>): void }} LifeEvent
 * @typedef {LifeEvent & { readonly request: Request, respondWith(answer: Promise<Response>): void }} AskedEvent
 * @typedef {{ skipWaiting(): Promise<void>, readonly clients: { claim(): Promise<void> } }} Worker
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
