// Replaces parts of the page with new markup from the server. The id of a part's root element says which part it replaces.
import { morph, move } from "./morph.js";

/** @param {readonly string[]} parts */
export function applyPatch(parts) {
  for (const html of parts) {
    const template = document.createElement("template");
    template.innerHTML = html;
    for (const fresh of [...template.content.children]) applyPart(fresh);
  }
}

/** @param {Element} fresh */
function applyPart(fresh) {
  const old = document.getElementById(fresh.id);
  const place = placeOf(fresh);
  const list = document.getElementById(fresh.getAttribute("data-list") ?? "");
  if (place === null || list === null) {
    if (old !== null) morph(old, fresh);
    return;
  }
  // Agents are ordered by id within a section, and entries of a transcript by their sequence.
  const after = [...list.children].find((child) => (placeOf(child) ?? "") > place);
  if (old === null) {
    list.insertBefore(fresh, after ?? null);
    return;
  }
  if (old.parentElement !== list) move(list, old, after ?? null);
  morph(old, fresh);
}

/** @param {Element} element */
function placeOf(element) {
  return element.getAttribute("data-place") ?? element.getAttribute("data-agent");
}
