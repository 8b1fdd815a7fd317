// Moves the focus among the items of a page: requests, agents, lines of a list.
import { choose, isOnlyHanded } from "./chosen-item.js";

const items = [
  "li.request:not([data-kept])",
  "#live [data-agent]",
  "ol.lines > li",
  "ol.conversations > li",
  "ol.hits > li",
].join(", ");

/** The item that has the focus, or that contains what has it. */
export function focusedItem() {
  return document.activeElement?.closest(items) ?? undefined;
}

/** Whether the item itself has the focus, and not a field or a button in it. @param {Element | undefined} item */
export function hasOwnFocus(item) {
  return item !== undefined && placeOf(item) === document.activeElement;
}

/**
 * Moves the focus to the next item, or to the one before. If the page itself has moved it here, the first press only chooses this item.
 * @param {1 | -1} step
 * @returns whether there is an item
 */
export function moveFocus(step) {
  const present = focusedItem();
  if (present !== undefined && isOnlyHanded(present)) {
    choose();
    focusItem(present);
    return true;
  }
  const all = [...document.querySelectorAll(items)].filter((item) => placeOf(item) !== undefined);
  const place = present === undefined ? -1 : all.indexOf(present);
  const next = place < 0 ? nearestItem(all) : all[place + step];
  const shown = next ?? present;
  if (shown !== undefined) focusItem(shown);
  return shown !== undefined;
}

/** @param {Element} item */
function focusItem(item) {
  item.scrollIntoView({ block: "nearest" });
  placeOf(item)?.focus({ preventScroll: true });
}

/** The first item of which the beginning is in sight, else the first one. @param {readonly Element[]} all */
function nearestItem(all) {
  return all.find((item) => item.getBoundingClientRect().top >= 0) ?? all[0];
}

/** What of an item gets the focus: itself, or its link. @param {Element} item */
function placeOf(item) {
  const place = item.matches("li.request") ? item : item.querySelector("a[href]");
  return place instanceof HTMLElement ? place : undefined;
}
