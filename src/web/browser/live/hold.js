// Pauses the updates of the page, if a person wants that, on all pages and until they go on. What comes meanwhile is counted and not kept:
// afterwards the event stream is opened again from where the page stands, and sends it.
import { localClock } from "./local-times.js";

/** @typedef {import("../patch.js").Patch} Patch */

const storeKey = "cliai-updates-paused";
/** What is kept up to date even then: whether anything can be sent, and what waits for the person. */
const shownAnyway = ["nats", "open-needs", "inbox-link", "counts"];

/**
 * @param {object} page
 * @param {() => void} page.onChange called when the person pauses or goes on
 * @param {() => void} page.onResume opens the event stream again, from the last patch that was applied
 * @param {() => string} page.shownAt the time of the shown state, RFC 3339
 */
export function watchHold({ onChange, onResume, shownAt }) {
  const button = document.querySelector("#hold");
  let isHeld = isKept();
  /** The ids of the parts that have changed meanwhile. @type {Set<string>} */
  const waiting = new Set();
  const show = () => {
    document.documentElement.classList.toggle("held", isHeld);
    if (!(button instanceof HTMLElement)) return;
    button.hidden = false;
    button.setAttribute("aria-pressed", String(isHeld));
    const label = button.querySelector("span");
    if (label !== null) label.textContent = isHeld ? `Go on · ${changes(waiting.size)}` : "Hold updates";
  };
  button?.addEventListener("click", () => {
    isHeld = !isHeld;
    keep(isHeld);
    waiting.clear();
    show();
    onChange();
    if (!isHeld) onResume();
  });
  show();
  return {
    isHeld: () => isHeld,
    /** What the page says of its link to the server while it is paused. */
    words: () => `paused at ${localClock(shownAt())}`,
    /** The part of a patch that is applied now. @param {Patch} patch @returns {Patch} */
    take(patch) {
      if (!isHeld) return patch;
      const html = patch.html.filter((part) => shownAnyway.includes(idOf(part)));
      for (const part of patch.html) if (!html.includes(part)) waiting.add(idOf(part));
      for (const id of patch.gone ?? []) waiting.add(`agent-${id}`);
      show();
      return { html };
    },
  };
}

/** The id of the root element of a part. @param {string} part */
export function idOf(part) {
  return /^<[^>]*? id="([^"]*)"/.exec(part)?.[1] ?? "";
}

/** @param {number} count */
export function changes(count) {
  if (count === 0) return "nothing waits";
  return count === 1 ? "1 change waits" : `${count} changes wait`;
}

function isKept() {
  try {
    return localStorage.getItem(storeKey) === "1";
  } catch {
    return false; // this browser keeps nothing
  }
}

/** @param {boolean} isHeld */
function keep(isHeld) {
  try {
    if (isHeld) localStorage.setItem(storeKey, "1");
    else localStorage.removeItem(storeKey);
  } catch {
    // This browser keeps nothing: the choice holds for this page.
  }
}
