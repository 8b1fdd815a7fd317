// Has the browser keep the service worker, and says on the page `/phone` whether this device can install the dashboard; if it cannot, why.

import { offerPush } from "./push.js";

/** @typedef {Event & { prompt(): Promise<unknown> }} InstallOffer what Chromium sends when the page can be installed */

/** @type {InstallOffer | undefined} */
let offer;

/** @param {string} version of the assets */
export function watchThisDevice(version) {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // the page has a button of its own
    offer = /** @type {InstallOffer} */ (event);
    showOffer();
  });
  addEventListener("appinstalled", () => showState("installed"));
  document.addEventListener("click", install);
  // Only when the page is there, so that it need not wait for what the worker fetches.
  if (document.readyState === "complete") void keepWorker(version);
  else addEventListener("load", () => void keepWorker(version));
}

/** @param {string} version */
async function keepWorker(version) {
  if (!isSecureContext) return showState("plain");
  if (!("serviceWorker" in navigator)) return showState("unable");
  try {
    await navigator.serviceWorker.register(`/assets/${version}/install/worker.js`, { scope: "/" });
  } catch {
    // Browsers fetch no worker over a connection whose certificate they do not trust, also after a person has opened the page.
    return showState(location.protocol === "https:" ? "untrusted" : "unable");
  }
  showState(matchMedia("(display-mode: standalone)").matches ? "installed" : "ready");
  await offerPush();
}

/** @param {string} state */
function showState(state) {
  for (const part of document.querySelectorAll("[data-device-state]"))
    part.toggleAttribute("hidden", part.getAttribute("data-device-state") !== state);
  showOffer();
}

function showOffer() {
  document.querySelector("#install")?.toggleAttribute("hidden", offer === undefined);
}

/** @param {Event} event */
async function install(event) {
  const button = event.target instanceof Element ? event.target.closest("#install") : null;
  if (button === null || offer === undefined) return;
  const shown = offer;
  offer = undefined; // a browser shows each offer once
  showOffer();
  await shown.prompt();
}
