// Shows the times of the page in the browser's time zone. The server writes them in UTC, for a page without scripts; the title of each has
// it in UTC in any case.

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * `2026-11-23 05:21:10`
 * @param {string} at RFC 3339
 * @param {string} [zone] default: the browser's
 */
export function momentText(at, zone = "") {
  let format = formats.get(zone);
  if (format === undefined) {
    // Sweden writes dates as ISO 8601 does.
    format = new Intl.DateTimeFormat("sv-SE", {
      ...{ dateStyle: "short", timeStyle: "medium" },
      ...(zone === "" ? {} : { timeZone: zone }),
    });
    formats.set(zone, format);
  }
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? "" : format.format(time);
}

/**
 * `05:21:10`
 * @param {string} at RFC 3339
 * @param {string} [zone] default: the browser's
 */
export function localClock(at, zone) {
  return momentText(at, zone).slice(11);
}

/**
 * A sentence with a clock time of UTC, with the browser's in its place.
 * @param {string} sentence @param {string | null} at the time that it names, RFC 3339 @param {string} [zone]
 */
export function localSentence(sentence, at, zone) {
  return at === null ? sentence : sentence.replace(`${at.slice(11, 19)} UTC`, localClock(at, zone));
}

/** Call it for the page, and for new markup. @param {ParentNode} [markup] default: the whole page */
export function showLocalTimes(markup = document) {
  /** @param {string} selector @param {(at: string) => string} textOf */
  const show = (selector, textOf) => {
    for (const time of markup.querySelectorAll(selector)) {
      const text = textOf(time.getAttribute("datetime") ?? "");
      if (text !== "" && time.textContent !== text) time.textContent = text;
    }
  };
  show("time[data-clock]", (at) => localClock(at));
  show("time[data-moment]", (at) => momentText(at));
}

/** Fields for a date and a time, which the server takes as UTC: shown and typed in the browser's time zone. */
export function watchLocalFields() {
  const fields = "input[type=datetime-local][data-utc]";
  for (const field of document.querySelectorAll(fields)) {
    if (field instanceof HTMLInputElement) field.value = localValue(field.getAttribute("value") ?? "");
  }
  for (const note of document.querySelectorAll("[data-utc-note]")) note.remove();
  document.addEventListener("formdata", ({ target, formData }) => {
    if (!(target instanceof HTMLFormElement)) return;
    for (const field of target.querySelectorAll(fields)) {
      if (!(field instanceof HTMLInputElement) || field.value === "") continue;
      formData.set(field.name, utcValue(field.value));
    }
  });
}

/** @param {string} utc with or without its `Z` @param {string} [zone] */
export function localValue(utc, zone) {
  const at = /^\d{4}-\d\d-\d\dT[\d:.]+Z?$/.test(utc) ? utc : "";
  return momentText(at.endsWith("Z") ? at : `${at}Z`, zone).replace(" ", "T");
}

/** @param {string} local */
function utcValue(local) {
  return new Date(local).toISOString().slice(0, 19);
}
