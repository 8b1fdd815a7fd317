// Makes an element like another one. It changes only what differs, so that focus, selection and scrolling stay as they are. What only
// this browser knows stays, too: whether a `details` is open, which form is being sent, and elements marked `data-kept`.

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
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !isOwn(from, name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

/** Whether the browser or a script has set this attribute, and not the server. @param {Element} element @param {string} name */
function isOwn(element, name) {
  if (name === "tabindex") return element === document.activeElement; // without it, the focus would be lost
  return name === "aria-busy" || (name === "open" && element.nodeName === "DETAILS");
}

/**
 * Children with an id are matched by their id, the others by their place.
 * @param {Element} from @param {Element} to
 */
function morphChildren(from, to) {
  const known = new Map([...from.children].filter(({ id }) => id !== "").map((child) => [child.id, child]));
  const wanted = new Set([...to.children].map(({ id }) => id));
  for (const [id, child] of known) if (!wanted.has(id)) child.remove();

  let place = skipKept(from.firstChild);
  for (const next of [...to.childNodes]) {
    const twin = next instanceof Element && next.id !== "" ? known.get(next.id) : undefined;
    if (twin !== undefined) {
      if (twin === place) place = skipKept(twin.nextSibling);
      else move(from, twin, place);
      morph(twin, /** @type {Element} */ (next));
    } else if (place !== null && isAlike(place, next)) {
      const old = place;
      place = skipKept(old.nextSibling);
      if (old instanceof Element) morph(old, /** @type {Element} */ (next));
      else if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    } else {
      from.insertBefore(next, place);
    }
  }
  while (place !== null) {
    const rest = place;
    place = skipKept(rest.nextSibling);
    rest.remove();
  }
}

/** @param {ChildNode | null} node @returns {ChildNode | null} the node, or the first one after it that is not kept */
function skipKept(node) {
  let next = node;
  while (next instanceof Element && next.hasAttribute("data-kept")) next = next.nextSibling;
  return next;
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

/**
 * Keeps the focus in its place when a change of the page takes away what has it. Else the browser gives it to the body: the keyboard would
 * begin again at the top of the page, and a screen reader would say nothing.
 * @param {() => void} apply changes the page
 */
export function keepFocus(apply) {
  const focused = document.activeElement;
  const around = focused === document.body ? [] : ancestorsOf(focused);
  apply();
  const now = document.activeElement;
  const isLost = now === null || now === document.body || !now.checkVisibility();
  if (!isLost) return;
  const place = around.find((element) => element.isConnected && element.checkVisibility());
  if (!(place instanceof HTMLElement)) return;
  // What is around it, and not the next button: a second Enter, meant for what was there, must not press another one.
  if (!place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
  place.focus({ preventScroll: true });
}

/** The nearest first, without the body. @param {Element | null} element */
function ancestorsOf(element) {
  const ancestors = [];
  let next = element?.parentElement ?? null;
  while (next !== null && next !== document.body) {
    ancestors.push(next);
    next = next.parentElement;
  }
  return ancestors;
}
