// Has screen readers speak each new request at once, on every page: it waits for a person.
import { announce } from "./say.js";

/** At most so many are spoken by name; the others by their number. */
const namedAtOnce = 3;

/** The requests that were open when the page was last looked at. */
let known = new Set(read().map(({ id }) => id));

/** Speaks the requests that have come since the last call. */
export function announceNewRequests() {
  const open = read();
  const fresh = open.filter(({ id }) => !known.has(id));
  known = new Set(open.map(({ id }) => id));
  if (fresh.length === 0) return;
  const named = fresh.slice(0, namedAtOnce).map(({ words }) => words);
  const others = fresh.length - named.length;
  announce([...named, ...(others > 0 ? [`${others} more`] : [])].join(". "));
}

function read() {
  return [...document.querySelectorAll("#open-needs > [data-need]")].map((item) => ({
    id: item.getAttribute("data-need") ?? "",
    words: item.textContent ?? "",
  }));
}
