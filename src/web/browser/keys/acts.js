// What the keys do. Each function acts by the buttons and links of the page, and returns whether it had something to act on.
import { say } from "../say.js";
import { isOnlyHanded } from "./chosen-item.js";
import { follow } from "./follow.js";
import { focusedItem, hasOwnFocus } from "./items.js";

/** @param {"approve" | "refuse"} verdict */
export function decide(verdict) {
  const item = answeredItem();
  const button = item?.querySelector(`form[data-answer] button[name=verdict][value=${verdict}]`);
  return press(item, button);
}

/** @param {number} index of the choice, from 0 */
export function takeChoice(index) {
  const item = answeredItem();
  const button = item?.querySelectorAll("form[data-answer] button[name=choice]")[index];
  if (button !== undefined) return press(item, button);
  const questions = [...(item?.querySelectorAll("fieldset.question") ?? [])];
  const question =
    questions.find((each) => each.contains(document.activeElement)) ??
    questions.find((each) => each.querySelector(":checked") === null) ??
    questions[0];
  const tick = question?.querySelectorAll("input")[index];
  if (!(tick instanceof HTMLInputElement)) return false;
  if (!mayAnswer(item, tick)) return true;
  tick.click();
  tick.focus();
  return true;
}

export function writeWords() {
  const field = focusedItem()?.querySelector("form[data-answer] textarea");
  if (!(field instanceof HTMLElement)) return false;
  field.focus();
  return true;
}

/** Shows the whole input of a permission, or hides it. */
export function showWhole() {
  const details = focusedItem()?.querySelector("details.whole-input");
  if (!(details instanceof HTMLDetailsElement)) return false;
  details.open = !details.open;
  return true;
}

export function giveTask() {
  const field = document.querySelector("#task-text");
  const agent = focusedAgent();
  if (field instanceof HTMLElement && agent === pageAgent()) field.focus();
  else if (agent !== undefined) follow(`/agents/${agent}#task-text`);
  return field !== null || agent !== undefined;
}

/** Pauses an agent, or lets a paused one go on. */
export function pauseOrResume() {
  if (actOnChecked("pause")) return true;
  const agent = focusedAgent();
  if (agent === undefined) return false;
  const button = pauseButton();
  if (button instanceof HTMLElement) {
    button.click();
    return true;
  }
  const act = focusedItem()?.hasAttribute("data-paused") === true ? "resume" : "pause";
  follow(`/bulk/${act}?agents=${agent}`, true);
  return true;
}

/** The button of the card that has the focus; without an item, that of the agent's page. One that would change nothing says why. */
function pauseButton() {
  const item = focusedItem();
  if (item !== undefined) return item.querySelector("form[data-order] button");
  const buttons = document.querySelector("#order-buttons");
  const both = ":is(button.pause, button.resume)";
  return buttons?.querySelector(`${both}:not([data-off])`) ?? buttons?.querySelector(both);
}

/** Leads to the page that names who is to be stopped, and asks. */
export function stop() {
  if (actOnChecked("stop")) return true;
  const agent = focusedAgent();
  if (agent !== undefined) follow(`/bulk/stop?agents=${agent}`, true);
  return agent !== undefined;
}

export function showTerminal() {
  const agent = focusedAgent();
  if (agent !== undefined) follow(`/agents/${agent}/terminal`);
  return agent !== undefined;
}

/** Checks the agent whose row has the focus, or takes the check back. */
export function check() {
  const item = focusedItem();
  const box = item?.querySelector("input[type=checkbox][name=agents]");
  if (!(box instanceof HTMLElement) || !hasOwnFocus(item)) return false;
  box.click();
  return true;
}

/** Opens the item that has the focus. If its link has it, the browser does so itself. */
export function open() {
  const item = focusedItem();
  // On an agent's own page the heading has no link; others lead to other agents.
  const link = item?.querySelector("h2 a[href]");
  if (item !== document.activeElement || !(link instanceof HTMLElement)) return false;
  link.click();
  return true;
}

/** The search of the page; without one, the page of the search. */
export function search() {
  const field = document.querySelector("main input[type=search]");
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  } else follow("/search");
  return true;
}

/** The item to which an answer would go. Says why there is none, if the page has requests. */
function answeredItem() {
  const item = focusedItem();
  if (item?.matches("li.request") === true) return item;
  if (document.querySelector("li.request form[data-answer]") !== null)
    say("Choose a request first, with j or k.");
  return undefined;
}

/** @param {Element | undefined} item @param {Element | null | undefined} button */
function press(item, button) {
  if (!(button instanceof HTMLElement)) return false;
  if (mayAnswer(item, button)) button.click();
  return true;
}

/**
 * A key answers only what a person has chosen and sees.
 * @param {Element | undefined} item @param {Element} button
 */
function mayAnswer(item, button) {
  if (item === undefined || isOnlyHanded(item)) {
    say("This is another request: read it, choose it with j, then answer.");
    return false;
  }
  const { top, bottom } = button.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) {
    button.scrollIntoView({ block: "nearest" });
    say("Its end was not in sight: look, then press the key again.");
    return false;
  }
  return true;
}

/** The bar of the checked agents leads to a page that names them. @param {"pause" | "stop"} type */
function actOnChecked(type) {
  const button = document.querySelector(`#chosen:not(.none) button[formaction="/bulk/${type}"]`);
  if (!(button instanceof HTMLElement)) return false;
  button.click();
  return true;
}

function focusedAgent() {
  const item = focusedItem();
  return item?.getAttribute("data-agent") ?? item?.getAttribute("data-asker") ?? pageAgent();
}

function pageAgent() {
  return /^\/agents\/([^/]+)/.exec(location.pathname)?.[1];
}
