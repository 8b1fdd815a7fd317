// The list of the keys, in a dialog. Whoever dictates to the browser can turn the keys of one letter off there, because speech would press
// them (WCAG 2.2, 2.1.4).
import { otherKeys } from "./key-table.js";

/**
 * @param {readonly Pick<import("./key-table.js").KeyRow, "shown" | "what">[]} table
 * @param {{ areOn: boolean, onSwitch: (on: boolean) => void }} state
 */
export function showHelp(table, { areOn, onSwitch }) {
  const dialog = document.createElement("dialog");
  dialog.className = "overlay keys-help";
  dialog.setAttribute("aria-labelledby", "keys-title");

  const head = make("div", "overlay-head");
  const title = make("h2", "", "Keys");
  title.id = "keys-title";
  const close = make("button", "", "Close");
  close.setAttribute("type", "button");
  close.addEventListener("click", () => dialog.close());
  head.append(title, close);

  const list = make("dl", "");
  for (const { shown, what } of [...table, ...otherKeys]) {
    const row = make("div", "");
    const keys = make("dt", "");
    keys.append(make("kbd", "", shown));
    row.append(keys, make("dd", "", what));
    list.append(row);
  }

  const label = make("label", "switch");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = areOn;
  box.addEventListener("change", () => onSwitch(box.checked));
  label.append(box, " Keys of one letter act");

  dialog.append(head, list, label, make("p", "quiet", "No key acts while you type in a field."));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {string} name @param {string} className @param {string} [text] */
function make(name, className, text = "") {
  const element = document.createElement(name);
  if (className !== "") element.className = className;
  element.textContent = text;
  return element;
}
