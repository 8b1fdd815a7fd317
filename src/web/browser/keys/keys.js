// This room holds the keys of the page: what each does, the list of them, and the palette with which people go elsewhere.
//
// Hears the keys. None counts while a person types in a field, or while a dialog is open.
import { watchChosenItem } from "./chosen-item.js";
import { showHelp } from "./help.js";
import { focusedItem } from "./items.js";
import { keyTable } from "./key-table.js";
import { togglePalette } from "./palette.js";
import { readKey } from "./read-key.js";

/** In this, people type, or choose by letters. */
const typedIn =
  "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=reset])";

const storeKey = "cliai-keys";

export function watchKeys() {
  const table = keyTable({ help: () => help() });
  const help = () => showHelp(table, { areOn: areOn(), onSwitch: switchKeys });
  /** @type {import("./read-key.js").Pressed | undefined} */
  let before;

  watchChosenItem();
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return;
    if (target.closest("[data-keys-help]") !== null) help();
    if (target.closest("[data-palette]") !== null) togglePalette();
  });
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    // As without Caps Lock.
    const key = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
    if (isPaletteKey(event)) {
      event.preventDefault();
      return togglePalette();
    }
    if (event.isComposing || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") !== null) return;
    if (target instanceof Element && target.closest(typedIn) !== null) {
      if (key === "Escape") leaveField(target);
      return;
    }
    if (!areOn() || key === "Shift") return;
    const { row, first } = readKey(table, key, event.timeStamp, event.repeat ? undefined : before);
    before = first;
    if (row === undefined || (event.repeat && row.repeats !== true)) return;
    if (row.act(key)) event.preventDefault();
  });
}

/** @param {KeyboardEvent} event */
function isPaletteKey({ key, ctrlKey, metaKey, altKey, shiftKey, repeat, isComposing }) {
  return key.toLowerCase() === "k" && ctrlKey !== metaKey && !altKey && !shiftKey && !repeat && !isComposing;
}

/** The focus goes to the item of the field, so that the keys act on it. @param {Element} field */
function leaveField(field) {
  const item = focusedItem();
  if (item instanceof HTMLElement && item.tabIndex >= -1 && item.hasAttribute("tabindex")) item.focus();
  else if (field instanceof HTMLElement) field.blur();
}

function areOn() {
  try {
    return localStorage.getItem(storeKey) !== "off";
  } catch {
    return true; // this browser keeps nothing
  }
}

/** @param {boolean} on */
function switchKeys(on) {
  try {
    if (on) localStorage.removeItem(storeKey);
    else localStorage.setItem(storeKey, "off");
  } catch {
    // This browser keeps nothing: the keys stay on.
  }
}
