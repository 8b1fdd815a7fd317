// Tells serve that this page is in front of a person who uses it, so that they are not told elsewhere of what they see here; and that it went.

/** At most so often, while the page is used. */
const tellEveryMs = 5_000;
const uses = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

/** @param {string} address where it is told @param {() => boolean} isLost whether the server cannot be reached */
export function watchInFront(address, isLost) {
  // Not randomUUID(), which a page on a plain address does not have.
  const page = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");
  let toldMs = Number.NEGATIVE_INFINITY;
  const tell = (/** @type {boolean} */ isUsed) => {
    toldMs = isUsed ? performance.now() : Number.NEGATIVE_INFINITY;
    if (isLost()) return;
    const body = new URLSearchParams({ page, used: String(isUsed) });
    // What cannot be told is made up for: a page of which nothing is heard counts as left.
    fetch(address, { method: "POST", body, keepalive: true }).catch(() => undefined);
  };
  const isInFront = () => document.visibilityState === "visible" && document.hasFocus();
  const used = () => {
    if (isInFront() && performance.now() - toldMs >= tellEveryMs) tell(true);
  };
  const gone = () => {
    if (toldMs > Number.NEGATIVE_INFINITY) tell(false);
  };
  for (const use of uses) addEventListener(use, used, { capture: true, passive: true });
  addEventListener("focus", used);
  addEventListener("blur", gone);
  addEventListener("pagehide", gone);
  document.addEventListener("visibilitychange", () => (isInFront() ? used() : gone()));
  // A person has come here. A page that has loaded itself again says nothing of a person.
  const [how] = performance.getEntriesByType("navigation");
  if (how instanceof PerformanceNavigationTiming && how.type === "navigate") used();
}
