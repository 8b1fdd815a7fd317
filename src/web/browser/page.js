// This room holds what runs in the browser: scripts and styles, served as they are.
//
// The page's script: connects the page to its event stream, so that the page is live. Without scripts, the page can still be read
// and its forms work.
import { refreshAges, setClock, spanText } from "./age.js";
import { watchChosen } from "./fleet/chosen.js";
import { watchTargets } from "./fleet/targets.js";
import { watchFleetFilter } from "./fleet/views.js";
import { keepPlace, showKept, watchAnswers } from "./forms/answers.js";
import { watchArmed } from "./forms/armed.js";
import { restoreDrafts, watchDrafts } from "./forms/drafts.js";
import { watchNeedActs } from "./forms/need-acts.js";
import { sayOutcomes, watchOrders } from "./forms/orders.js";
import { watchQuestions } from "./forms/questions.js";
import { watchThisDevice } from "./install/this-device.js";
import { watchKeys } from "./keys/keys.js";
import { watchHold } from "./live/hold.js";
import { watchInFront } from "./live/in-front.js";
import { keepSight } from "./live/keep-sight.js";
import { localClock, showLocalTimes, watchLocalFields } from "./live/local-times.js";
import { handOn, otherEvents } from "./live/other-events.js";
import { watchNew } from "./live/show-new.js";
import { createSpokenLog } from "./live/spoken-log.js";
import { keepFocus } from "./morph.js";
import { announceNewRequests } from "./new-requests.js";
import { applyPatch } from "./patch.js";
import { keepZone } from "./reports/local-zone.js";
import { say } from "./say.js";
import { openStream } from "./stream.js";

const root = document.documentElement;
const { stream, assets, inFront } = root.dataset;
const title = document.title;
/** A screen reader hears what has changed at most this often. */
const speakEveryMs = 10_000;

/** The time of the shown state, by the server's clock. */
let shownAt = root.dataset.at ?? "";
let isLost = false;
/** @type {ReturnType<typeof watchHold> | undefined} */
let hold;

/** On the typing page, its script gets what its stream says of the terminal. @type {typeof handOn} */
const hand = document.querySelector("#typing-script") === null ? () => {} : handOn;
const armed = watchArmed(whyUnarmed, () => isLost);

/** It has no requests, no drafts and no history to follow. Looking for them at each patch takes long there, because it may be large. */
const isFleet = document.querySelector("#live") !== null;

/** Call it for new markup, because looking through the page after each patch costs much more. @param {ParentNode} markup */
function prepare(markup) {
  showLocalTimes(markup);
  armed.arm(markup);
}

root.classList.add("scripted");
keepZone();
showLocalTimes();
watchLocalFields();
document.addEventListener("click", copy);
document.addEventListener("submit", sayBusy);
watchQuestions();
watchOrders();
watchNeedActs();
watchAnswers();
watchDrafts();
restoreDrafts();
showKept();
watchFleetFilter();
watchTargets(() => armed.arm(document));
if (assets !== undefined) watchThisDevice(assets);
if (inFront !== undefined) watchInFront(inFront, () => isLost);
watchKeys();
const showChosen = watchChosen();
showArmed();
setClock(shownAt);
setInterval(() => {
  if (!hold?.isHeld()) refreshAges();
}, 1_000);
showCountInTitle();

if (stream !== undefined) {
  const log = createSpokenLog();
  setInterval(log.speak, speakEveryMs);
  const follow = watchNew((address) => {
    prepare(document);
    openAgain(address);
  });
  const openAgain = openStream(stream, {
    onHello(hello) {
      // The server now has another version, whose markup may need another script.
      if (hello.assets !== assets && !hold?.isHeld()) location.reload();
      takeTime(hello.now);
      showLink(false);
      hand("hello", hello);
    },
    onPatch(patch) {
      takeTime(patch.now);
      const isHeld = hold?.isHeld() === true;
      const shown = hold?.take(patch) ?? patch;
      const apply = () => applyPatch(shown, prepare);
      keepFocus(() => keepSight(isFleet ? apply : () => keepPlace(apply)));
      showChosen();
      showCountInTitle();
      announceNewRequests();
      sayOutcomes();
      showArmed();
      if (isHeld) return false;
      log.note(patch.news ?? {});
      if (!isFleet) follow();
      return true;
    },
    onLost() {
      showLink(true);
      hand("lost");
    },
    events: Object.fromEntries(otherEvents.map((name) => [name, (data) => hand(name, data)])),
    onQuiet(seconds) {
      const link = document.querySelector("#link");
      if (link === null || isLost) return;
      link.textContent = seconds === 0 ? liveText() : `last word ${spanText(seconds)} ago`;
    },
  });
  hold = watchHold({
    onChange: () => showLink(isLost),
    onResume: () => openAgain(),
    shownAt: () => shownAt,
  });
}

/** @param {string} now */
function takeTime(now) {
  if (!hold?.isHeld() || shownAt === "") shownAt = now;
  setClock(now);
}

/** @param {boolean} lost */
function showLink(lost) {
  isLost = lost;
  root.classList.toggle("stale", lost);
  root.classList.toggle("live", !lost);
  const link = document.querySelector("#link");
  if (link !== null) link.textContent = lost ? "not connected" : liveText();
  const banner = document.querySelector("#lost");
  if (banner instanceof HTMLElement && banner.hidden === lost) {
    const time = `${localClock(shownAt)} (${shownAt.slice(11, 19)} UTC)`;
    banner.textContent = lost
      ? `The connection to cliai serve is lost. You see the state at ${time}. This page keeps trying to reconnect.`
      : "";
    banner.hidden = !lost;
  }
  showArmed();
}

function liveText() {
  return hold?.isHeld() ? hold.words() : "live";
}

/** Why nothing can be sent now; empty if it can. */
function whyUnarmed() {
  if (isLost) return "Nothing can be sent: the server cannot be reached.";
  const nats = document.querySelector("#nats");
  return nats?.getAttribute("data-ready") === "true" ? "" : (nats?.textContent ?? "");
}

function showArmed() {
  armed.refresh();
  const why = document.querySelector("#orders-why");
  if (why !== null) why.textContent = whyUnarmed();
}

function showCountInTitle() {
  const count =
    document.querySelector("#inbox")?.getAttribute("data-count") ??
    document.querySelector("#counts")?.getAttribute("data-needs-you") ??
    "0";
  document.title = count === "0" ? title : `(${count}) ${title}`;
}

/**
 * Marks a form that takes a while as busy, so that it is sent only once.
 * @param {SubmitEvent} event
 */
function sayBusy(event) {
  const { target, submitter } = event;
  if (!(target instanceof HTMLFormElement) || target.dataset.once === undefined) return;
  if (!(submitter instanceof HTMLButtonElement)) return;
  if (target.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  const label = submitter.innerHTML;
  target.setAttribute("aria-busy", "true");
  submitter.textContent = target.dataset.once;
  // The browser may show this page again, for "back", as it was left.
  addEventListener("pageshow", () => {
    target.removeAttribute("aria-busy");
    submitter.innerHTML = label;
  });
}

/** @param {Event} event */
async function copy(event) {
  const link = event.target instanceof Element ? event.target.closest("[data-copy-link]") : null;
  if (link instanceof HTMLAnchorElement) copyLink(link);
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

/** The link is followed as well, so that the moment is marked, and its address stands in the bar. @param {HTMLAnchorElement} link */
function copyLink(link) {
  navigator.clipboard?.writeText(link.href).then(
    () => say("The link to this moment is copied."),
    () => {}, // the browser does not allow it; the address bar has the link
  );
}
