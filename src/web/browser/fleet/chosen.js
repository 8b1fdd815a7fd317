// This room holds what the fleet page and the page of bulk orders do in the browser: checked agents, the search, saved views.
//
// The checked agents of the table, and the bar that acts on them. Which are checked is kept here, because a row that moves to another group
// may be made anew.
import { say } from "../say.js";

/** At most so many are named in the bar; the others are counted. */
const namedInBar = 4;

/** @type {Set<string>} */
const chosen = new Set();

/** @returns shows the choice in the present markup; call it when that has changed */
export function watchChosen() {
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
    const list = box.dataset.choose;
    if (list !== undefined)
      for (const each of boxesIn(document.getElementById(list))) choose(each, box.checked);
    else if (box.form?.id === "chosen") choose(box, box.checked);
    else return;
    show();
  });
  document.addEventListener("reset", (event) => {
    if (!(event.target instanceof HTMLFormElement) || event.target.id !== "chosen") return;
    event.preventDefault();
    chosen.clear();
    show();
    // The bar goes away, and with it the button that has the focus.
    const first = document.querySelector("#live input[type=checkbox]");
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.id !== "chosen") return;
    event.preventDefault();
    if (document.documentElement.matches(".unarmed, .stale")) {
      say("Nothing can be sent now: see the top of the page.");
      return;
    }
    const action = event.submitter?.getAttribute("formaction") ?? form.action;
    // In one parameter, because an address may not become too long.
    location.assign(`${action}?agents=${[...chosen].join(",")}`);
  });
  show();
  // The server checks no box, so while none is checked, a change of the markup changes nothing.
  return () => {
    if (chosen.size > 0) show();
  };
}

/** @param {HTMLInputElement} box @param {boolean} isChosen */
function choose(box, isChosen) {
  if (isChosen) chosen.add(box.value);
  else chosen.delete(box.value);
}

/** @param {Element | null} list @returns {HTMLInputElement[]} */
function boxesIn(list) {
  return /** @type {HTMLInputElement[]} */ ([...(list?.querySelectorAll("input[name=agents]") ?? [])]);
}

function show() {
  const bar = document.querySelector("#chosen");
  if (!(bar instanceof HTMLFormElement)) return;
  // What is no longer on the page is no longer chosen: nobody would see that it is.
  const boxes = boxesIn(document.querySelector("#live"));
  const here = new Set(boxes.map(({ value }) => value));
  for (const id of [...chosen]) if (!here.has(id)) chosen.delete(id);
  for (const box of boxes) if (box.checked !== chosen.has(box.value)) box.checked = chosen.has(box.value);
  for (const all of document.querySelectorAll("input[data-choose]")) {
    if (all instanceof HTMLInputElement) showAll(all);
  }
  bar.classList.toggle("none", chosen.size === 0);
  const ids = [...chosen].sort();
  const left = ids.length - namedInBar;
  const named = ids.slice(0, namedInBar).join(", ") + (left > 0 ? `, +${left} more` : "");
  const what = bar.querySelector("#chosen-what");
  if (what !== null) what.textContent = chosen.size === 0 ? "" : named;
  for (const button of bar.querySelectorAll("button[data-label]")) {
    const label = button.querySelector("span");
    if (label !== null) label.textContent = `${button.getAttribute("data-label")} ${agents(chosen.size)} …`;
  }
}

/** @param {HTMLInputElement} all the box of a whole group */
function showAll(all) {
  const own = boxesIn(document.getElementById(all.dataset.choose ?? ""));
  const count = own.filter(({ checked }) => checked).length;
  all.checked = count > 0 && count === own.length;
  all.indeterminate = count > 0 && count < own.length;
}

/** @param {number} count */
export function agents(count) {
  return `${count} ${count === 1 ? "agent" : "agents"}`;
}
