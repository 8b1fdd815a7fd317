// This room holds what the pages that report have of their own in the browser: their styles, and the time zone of the browser.
//
// Tells the server this browser's time zone by a cookie, so that "today" on the page is the person's own day.

const cookie = "cliai-zone";
const keptS = 31_536_000;

export function keepZone() {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || keptZone() === zone) return;
  // biome-ignore lint/suspicious/noDocumentCookie: cookieStore exists only over HTTPS and on loopback
  document.cookie = `${cookie}=${encodeURIComponent(zone)}; path=/; max-age=${keptS}; samesite=strict`;
  // A browser that keeps no cookies would load the page again for ever.
  if (keptZone() !== zone) return;
  const shown = document.querySelector("[data-zone]:not([data-zone-chosen])")?.getAttribute("data-zone");
  if (shown != null && shown !== zone) location.reload();
}

function keptZone() {
  const kept = document.cookie.split("; ").find((each) => each.startsWith(`${cookie}=`));
  return kept && decodeURIComponent(kept.slice(cookie.length + 1));
}
