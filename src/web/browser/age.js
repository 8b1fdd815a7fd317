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
  if (seconds < 3) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export function refreshAges() {
  const nowMs = Date.now() + behindMs;
  for (const time of document.querySelectorAll("time[data-age]")) {
    const text = ageText(time.getAttribute("datetime") ?? "", nowMs);
    if (time.textContent !== text) time.textContent = text;
  }
  for (const time of document.querySelectorAll("time[data-seconds]")) {
    const seconds = Math.floor((nowMs - Date.parse(time.getAttribute("datetime") ?? "")) / 1000);
    time.textContent = `${Math.max(0, seconds)} s`;
  }
}
