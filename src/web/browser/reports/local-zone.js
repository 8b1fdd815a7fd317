// This room holds what the pages that report have of their own in the browser: their styles, and the time zone of the browser.
//
// Tells the server this browser's time zone by a cookie, so that "today" on the page is the person's own day.

const cookie = "cliai-zone";
const keptS = 31_536_000;

export function keepZone() {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const kept = `${cookie}=${encodeURIComponent(zone)}`;
  if (!zone || isKept(kept)) return;
  // biome-ignore lint/suspicious/noDocumentCookie: cookieStore exists only over HTTPS and on loopback
  document.cookie = `${kept}; path=/; max-age=${keptS}; samesite=strict`;
  // A browser that keeps no cookies would load the page again for ever.
  if (!isKept(kept)) return;
  const shown = document.querySelector("[data-zone]:not([data-zone-chosen])")?.getAttribute("data-zone");
  if (shown != null && shown !== zone) location.reload();
}

/**
 * Compares what is written there without decoding it: any server on this host can have set it, also to what cannot be decoded.
 * @param {string} text
 */
function isKept(text) {
  return document.cookie.split("; ").includes(text);
}
