// This room keeps an open page up to date in the browser: what has come since, pausing, times, and what is spoken.
//
// Shows what has come since a page of history was made, without leaving the page: when a person asks for it, or as it comes if they follow.
import { morph } from "../morph.js";
import { say } from "../say.js";

const storeKey = "cliai-follow";
/** Who has scrolled down further than this reads there, and follows nothing. */
const topPx = 160;

/**
 * @param {(address: string) => void} openStream opens the event stream of the page as it is after that
 * @returns shows what is new if the person follows; call it when the page has changed
 */
export function watchNew(openStream) {
  let isShowing = false;
  /** @param {HTMLAnchorElement} link */
  const show = async (link) => {
    if (isShowing) return;
    isShowing = true;
    try {
      await showNew(link, openStream);
    } finally {
      isShowing = false;
    }
  };
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-shows]") : null;
    const isPlain =
      event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!(link instanceof HTMLAnchorElement) || !isPlain || event.defaultPrevented) return;
    event.preventDefault();
    void show(link).then(() => shownFirst(link)?.scrollIntoView({ block: "nearest" }));
  });
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.dataset.follow === undefined) return;
    try {
      localStorage.setItem(storeKey, target.checked ? "1" : "");
    } catch {
      // This browser keeps nothing: the choice holds for this page.
    }
    follow();
  });
  const box = document.querySelector("input[data-follow]");
  if (box instanceof HTMLInputElement) box.checked = isKept();
  const follow = () => {
    const link = document.querySelector("a[data-shows]");
    const present = document.querySelector("input[data-follow]");
    const isWanted = present instanceof HTMLInputElement && present.checked && scrollY < topPx;
    if (isWanted && link instanceof HTMLAnchorElement) void show(link);
  };
  return follow;
}

/** @param {HTMLAnchorElement} link @param {(address: string) => void} openStream */
async function showNew(link, openStream) {
  const hadFocus = link === document.activeElement;
  try {
    const response = await fetch(link.href, { headers: { accept: "text/html" } });
    if (!response.ok) throw new Error(String(response.status));
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const id of idsOf(link)) {
      const [old, next] = [document.getElementById(id), fresh.getElementById(id)];
      if (old !== null && next !== null) morph(old, document.adoptNode(next));
    }
    const { stream } = fresh.documentElement.dataset;
    if (stream !== undefined) openStream(stream);
  } catch {
    say("What is new could not be read: try again, or reload the page.");
    return;
  }
  // The link has gone, and the focus would go nowhere.
  if (hadFocus) shownFirst(link)?.focus({ preventScroll: true });
}

/** @param {HTMLAnchorElement} link */
function idsOf(link) {
  return (link.dataset.shows ?? "").split(" ");
}

/** The list that shows what is new. @param {HTMLAnchorElement} link */
function shownFirst(link) {
  return document.getElementById(idsOf(link)[1] ?? "");
}

function isKept() {
  try {
    return localStorage.getItem(storeKey) === "1";
  } catch {
    return false; // this browser keeps nothing
  }
}
