// Updates the ages on the page, in the same words as the server's age.ts and by the server's clock.

/** How far this browser's clock is behind the server's. */
let behindMs = 0;

/** @param {string} serverTime RFC 3339 */
export function setClock(serverTime) {
  behindMs = Date.parse(serverTime) - Date.now();
}

/**
 * @param {string} at RFC 3339
 * @param {number} nowMs
 */
export function ageText(at, nowMs) {
  const seconds = Math.floor((nowMs - Date.parse(at)) / 1000);
  return seconds < 3 ? "now" : `${spanText(seconds)} ago`;
}

/**
 * @param {string} at RFC 3339
 * @param {number} nowMs
 */
export function untilText(at, nowMs) {
  const seconds = (Date.parse(at) - nowMs) / 1000;
  return seconds <= 0 ? "now" : `in ${spanText(seconds)}`;
}

/** @param {number} seconds */
export function spanText(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

export function refreshAges() {
  const nowMs = Date.now() + behindMs;
  /** @param {string} selector @param {(at: string) => string} textOf */
  const refresh = (selector, textOf) => {
    for (const time of document.querySelectorAll(selector)) {
      const text = textOf(time.getAttribute("datetime") ?? "");
      if (time.textContent !== text) time.textContent = text;
    }
  };
  refresh("time[data-age]", (at) => ageText(at, nowMs));
  refresh("time[data-span]", (at) => spanText((nowMs - Date.parse(at)) / 1000));
  refresh("time[data-until]", (at) => untilText(at, nowMs));
}
