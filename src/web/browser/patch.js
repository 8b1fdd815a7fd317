// Replaces parts of the page with new markup from the server. The id of a part's root element says which part it replaces.
import { morph, move } from "./morph.js";

/**
 * @typedef {object} Patch
 * @property {readonly string[]} html
 * @property {readonly string[]} [gone] the agents that the page shows no longer
 * @property {Readonly<Record<string, string>>} [ages] when agents last did something, RFC 3339
 * @property {Readonly<Record<string, string>>} [news] what has become of agents, for people who cannot see the page
 */

/**
 * @param {Patch} patch
 * @param {(markup: DocumentFragment) => void} prepare gets the new markup before it is put into the page
 */
export function applyPatch({ html, gone = [], ages = {} }, prepare) {
  /** The lists that agents have left. @type {Set<Element>} */
  const left = new Set();
  for (const id of gone) remove(document.getElementById(`agent-${id}`), left);
  // All rows in one template, because that is much cheaper than one for each. A parser drops rows that follow something else.
  const rows = html.filter((part) => part.startsWith("<tr"));
  const others = html.filter((part) => !part.startsWith("<tr"));
  for (const fresh of [...parse(others, prepare), ...parse(rows, prepare)]) applyPart(fresh, left);
  for (const list of left)
    groupOf(list)?.toggleAttribute("hidden", list.querySelector("[data-agent]") === null);
  for (const [id, at] of Object.entries(ages)) setHeard(id, at);
}

/** The focus goes to the search instead of nowhere. @param {Element | null} agent @param {Set<Element>} left takes the list that it was in */
function remove(agent, left) {
  const search = document.querySelector("#search");
  const hasFocus = agent?.contains(document.activeElement) === true;
  if (agent?.parentElement != null) left.add(agent.parentElement);
  agent?.remove();
  if (hasFocus && search instanceof HTMLElement) search.focus({ preventScroll: true });
}

/** @param {readonly string[]} parts @param {(markup: DocumentFragment) => void} prepare */
function parse(parts, prepare) {
  if (parts.length === 0) return [];
  const template = document.createElement("template");
  template.innerHTML = parts.join("");
  prepare(template.content);
  return [...template.content.children];
}

/** @param {Element} fresh @param {Set<Element>} left takes the list that it was in, if it moves */
function applyPart(fresh, left) {
  const old = document.getElementById(fresh.id);
  const list = document.getElementById(fresh.getAttribute("data-list") ?? "");
  if (placeOf(fresh) === null || list === null) {
    if (old !== null) morph(old, fresh);
    return;
  }
  // Before it comes: what is in a hidden group cannot have the focus.
  groupOf(list)?.removeAttribute("hidden");
  if (old === null) {
    list.insertBefore(fresh, placeIn(list, fresh));
    return;
  }
  const isInPlace =
    old.parentElement === list && old.getAttribute("data-order") === fresh.getAttribute("data-order");
  if (old.parentElement !== null && old.parentElement !== list) left.add(old.parentElement);
  if (!isInPlace) move(list, old, placeIn(list, fresh, old));
  morph(old, fresh);
}

/** The group of agents that is hidden while it has none. @param {Element} list */
function groupOf(list) {
  return list.closest(".group");
}

/** @param {Element} element */
function placeOf(element) {
  return element.getAttribute("data-place") ?? element.getAttribute("data-agent");
}

/**
 * The element before which another one belongs: agents are ordered by `data-order`, and equal ones by id; entries of a transcript by their
 * sequence.
 * @param {Element} list @param {Element} fresh @param {Element} [itself] its present element
 */
function placeIn(list, fresh, itself) {
  const isDown = list.getAttribute("data-down") === "true";
  const [order, id] = orderOf(fresh);
  const isAfter = (/** @type {Element} */ child) => {
    if (child.classList.contains("more")) return true;
    if (placeOf(child) === null) return false;
    const [other, otherId] = orderOf(child);
    if (other === order) return otherId > id;
    return isDown ? other < order : other > order;
  };
  // In the half in which it is, again and again: a list may have a thousand agents.
  const children = [...list.children].filter((child) => child !== itself);
  let [from, to] = [0, children.length];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (isAfter(/** @type {Element} */ (children[middle]))) to = middle;
    else from = middle + 1;
  }
  return children[from] ?? null;
}

/** @param {Element} element @returns {[order: string, place: string]} */
function orderOf(element) {
  return [element.getAttribute("data-order") ?? "", placeOf(element) ?? ""];
}

/** @param {string} id @param {string} at */
function setHeard(id, at) {
  const time = document.getElementById(`agent-${id}`)?.querySelector(".heard time");
  time?.setAttribute("datetime", at);
  time?.setAttribute("title", `${at.slice(0, 19).replace("T", " ")} UTC`);
}
