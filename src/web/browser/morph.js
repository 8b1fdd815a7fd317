// Makes an element like another one. It changes only what differs, so that focus, selection and scrolling stay as they are.

/**
 * @param {Element} from the element in the page
 * @param {Element} to the new element from the server; parts of it are moved into the page
 */
export function morph(from, to) {
  if (from.nodeName !== to.nodeName) {
    from.replaceWith(to);
    return;
  }
  morphAttributes(from, to);
  morphChildren(from, to);
}

/** @param {Element} from @param {Element} to */
function morphAttributes(from, to) {
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

/**
 * Children with an id are matched by their id, the others by their place.
 * @param {Element} from @param {Element} to
 */
function morphChildren(from, to) {
  const known = new Map([...from.children].filter(({ id }) => id !== "").map((child) => [child.id, child]));
  const wanted = new Set([...to.children].map(({ id }) => id));
  for (const [id, child] of known) if (!wanted.has(id)) child.remove();

  let place = from.firstChild;
  for (const next of [...to.childNodes]) {
    const twin = next instanceof Element && next.id !== "" ? known.get(next.id) : undefined;
    if (twin !== undefined) {
      if (twin === place) place = twin.nextSibling;
      else move(from, twin, place);
      morph(twin, /** @type {Element} */ (next));
    } else if (place !== null && isAlike(place, next)) {
      const old = place;
      place = old.nextSibling;
      if (old instanceof Element) morph(old, /** @type {Element} */ (next));
      else if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    } else {
      from.insertBefore(next, place);
    }
  }
  while (place !== null) {
    const rest = place;
    place = rest.nextSibling;
    rest.remove();
  }
}

/** @param {Node} old @param {Node} next */
function isAlike(old, next) {
  if (old.nodeName !== next.nodeName) return false;
  return !(old instanceof Element && next instanceof Element) || (old.id === "" && next.id === "");
}

/**
 * Moves an element and gives the focus back to what had it inside, because a plain move takes it away.
 * @param {Element} parent @param {Element} child @param {Node | null} before
 */
export function move(parent, child, before) {
  const focused = child.contains(document.activeElement) ? document.activeElement : null;
  parent.insertBefore(child, before);
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
}
