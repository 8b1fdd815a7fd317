// Says something to the person at once: screen readers speak it without waiting.

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** How long the words stay in sight. */
const shownMs = 8_000;

/** Shows it at the foot of the page as well. @param {string} text a whole sentence */
export function say(text) {
  const place = fill("#say", text);
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (place !== null) place.textContent = "";
  }, shownMs);
}

/** Only has it spoken, because the page shows it already. @param {string} text a whole sentence */
export function announce(text) {
  fill("#alert", text);
}

/** @param {string} selector @param {string} text */
function fill(selector, text) {
  const place = document.querySelector(selector);
  if (place === null) return null;
  // The same words a second time are spoken again only if they change in between.
  place.textContent = "";
  requestAnimationFrame(() => {
    place.textContent = text;
  });
  return place;
}
