// This room holds what runs in the browser: scripts and styles, served as they are.
//
// The page's script: connects the page to its event stream, so that the page is live. Without scripts, the page can still be read
// and its forms work.
import { refreshAges, setClock } from "./age.js";
import { watchOrders } from "./orders.js";
import { applyPatch } from "./patch.js";
import { watchQuestions } from "./questions.js";
import { openStream } from "./stream.js";

const root = document.documentElement;
const { stream, assets } = root.dataset;
const title = document.title;
/** A screen reader hears the counts at most this often. */
const announceEveryMs = 10_000;

/** The time of the shown state, by the server's clock. */
let shownAt = root.dataset.at ?? "";
let isLost = false;
let announced = document.querySelector("#counts")?.textContent;

const refreshOrders = watchOrders(() => {
  if (isLost) return "Nothing can be sent: the server cannot be reached.";
  const nats = document.querySelector("#nats");
  return nats?.getAttribute("data-ready") === "true" ? "" : (nats?.textContent ?? "");
});

root.classList.add("scripted");
document.addEventListener("click", copy);
document.addEventListener("submit", sayBusy);
watchQuestions();
setClock(shownAt);
setInterval(refreshAges, 1_000);
setInterval(announceCounts, announceEveryMs);
showCountInTitle();

if (stream !== undefined) {
  openStream(stream, {
    onHello(hello) {
      // The server now has another version, whose markup may need another script.
      if (hello.assets !== assets) location.reload();
      takeTime(hello.now);
      showLink(false);
    },
    onPatch(patch) {
      takeTime(patch.now);
      applyPatch(patch.html);
      showCountInTitle();
      refreshOrders();
    },
    onLost: () => showLink(true),
  });
}

/** @param {string} now */
function takeTime(now) {
  shownAt = now;
  setClock(now);
}

/** @param {boolean} lost */
function showLink(lost) {
  isLost = lost;
  root.classList.toggle("stale", lost);
  root.classList.toggle("live", !lost);
  const link = document.querySelector("#link");
  if (link !== null) link.textContent = lost ? "not connected" : "live";
  const banner = document.querySelector("#lost");
  if (banner instanceof HTMLElement && banner.hidden === lost) {
    const time = shownAt.slice(11, 19);
    banner.textContent = lost
      ? `The connection to cliai serve is lost. You see the state at ${time} UTC. This page keeps trying to reconnect.`
      : "";
    banner.hidden = !lost;
  }
  refreshOrders();
}

function showCountInTitle() {
  const count =
    document.querySelector("#inbox")?.getAttribute("data-count") ??
    document.querySelector("#counts")?.getAttribute("data-needs-you") ??
    "0";
  document.title = count === "0" ? title : `(${count}) ${title}`;
}

function announceCounts() {
  const text = document.querySelector("#counts")?.textContent;
  const announcer = document.querySelector("#announce");
  if (announcer === null || text === undefined || text === announced) return;
  announcer.textContent = text;
  announced = text;
}

/**
 * Marks a form that takes a while as busy, and disables its button, so that it is sent only once.
 * @param {SubmitEvent} event
 */
function sayBusy({ target, submitter }) {
  if (!(target instanceof HTMLFormElement) || target.dataset.once === undefined) return;
  if (!(submitter instanceof HTMLButtonElement)) return;
  const [label, text] = [submitter.innerHTML, target.dataset.once];
  // Later, because the browser must first read the form with the button enabled.
  setTimeout(() => {
    submitter.disabled = true;
    submitter.textContent = text;
  });
  addEventListener("pageshow", () => {
    submitter.disabled = false;
    submitter.innerHTML = label;
  });
}

/** @param {Event} event */
async function copy(event) {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  const source = document.getElementById(button?.getAttribute("data-copy") ?? "");
  if (button === null || source === null) return;
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    button.textContent = "Copied";
  } catch {
    // If the browser does not allow copying, select the text, so that a person can copy it with the keyboard.
    getSelection()?.selectAllChildren(source);
    button.textContent = "Selected";
  }
}
