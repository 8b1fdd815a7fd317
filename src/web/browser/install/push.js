// Turns push messages on and off for this browser, on the page `/phone`. Only where there is a service worker, which shows them.

/** The part of the page; it has the public key of the server. */
const part = /** @type {HTMLElement | null} */ (document.querySelector("[data-push-key]"));

/** Says what this browser can do, and has the server know the subscription, if there is one. */
export async function offerPush() {
  if (part === null) return;
  part.hidden = false;
  part.addEventListener("click", (event) => void act(event));
  await saying("Not turned on", showPresent);
}

async function showPresent() {
  if (!("PushManager" in globalThis) || !("Notification" in globalThis)) return showState("unable");
  if (Notification.permission === "denied") return showState("denied");
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = await pushManager.getSubscription();
  if (subscription === null) return showState("off");
  if (keyOf(subscription) === part?.dataset.pushKey) return await tell(subscription);
  // It was made for other keys, of this server or of another one that had this address.
  await end(subscription).finally(() => showState("off"));
}

/** @param {Event} event */
async function act(event) {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button === null) return;
  button.disabled = true;
  await saying("Not changed", button.id === "push-on" ? turnOn : turnOff);
  button.disabled = false;
}

/**
 * Says why, if it fails.
 * @param {string} what
 * @param {() => Promise<void>} change
 */
async function saying(what, change) {
  say("");
  try {
    await change();
  } catch (error) {
    say(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function turnOn() {
  if ((await Notification.requestPermission()) !== "granted") return showState("denied");
  const { pushManager } = await navigator.serviceWorker.ready;
  const applicationServerKey = part?.dataset.pushKey ?? "";
  await tell(await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }));
}

async function turnOff() {
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = await pushManager.getSubscription();
  if (subscription !== null) await end(subscription);
  showState("off");
}

/**
 * The server is told first, because afterwards nobody knows the address, and it would keep its place there.
 * @param {PushSubscription} subscription
 */
async function end(subscription) {
  await post("/phone/push/off", { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
}

/** @param {PushSubscription} subscription */
async function tell(subscription) {
  const { endpoint, keys = {} } = subscription.toJSON();
  const { p256dh = "", auth = "" } = keys;
  const problem = await post("/phone/push", {
    ...{ endpoint: endpoint ?? "", p256dh, auth, server_key: keyOf(subscription) },
  }).catch((/** @type {Error} */ error) => error);
  showState(problem === undefined ? "on" : "off");
  if (problem !== undefined) throw problem;
}

/**
 * @param {string} path
 * @param {Record<string, string>} fields
 * @throws {Error} why the server has not taken it
 */
async function post(path, fields) {
  const response = await fetch(path, {
    ...{ method: "POST", body: new URLSearchParams(fields), headers: { accept: "application/json" } },
  });
  if (response.ok) return;
  const { error } = await response.json();
  throw new Error(error.hint === undefined ? error.message : `${error.message} (${error.hint})`);
}

/** @param {PushSubscription} subscription */
function keyOf({ options }) {
  const bytes = new Uint8Array(options.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** @param {string} state */
function showState(state) {
  for (const each of part?.querySelectorAll("[data-push-state]") ?? [])
    each.toggleAttribute("hidden", each.getAttribute("data-push-state") !== state);
}

/** @param {string} text */
function say(text) {
  const line = part?.querySelector("#push-said");
  if (line) line.textContent = text;
}
