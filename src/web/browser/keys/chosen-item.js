// Knows whether a person has chosen the request that has the focus. When a request is over, the page itself moves the focus to the next
// one: a key that was meant for the first must not answer the second.

/** What the page itself has given the focus last; undefined once a person has moved it. @type {Element | undefined} */
let handed;
let isHanding = false;

export function watchChosenItem() {
  document.addEventListener("focusin", ({ target }) => {
    // An element that is moved in the page loses the focus and is given it back.
    if (!isHanding && target !== handed) handed = undefined;
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (target instanceof Node && handed?.contains(target) === true) handed = undefined;
  });
}

/** Gives an element the focus, although no person has chosen it. @param {HTMLElement} element */
export function handFocus(element) {
  isHanding = true;
  handed = element;
  element.focus();
  isHanding = false;
}

/** Whether the page itself has given the focus to this item, and no person has chosen it since. @param {Element} item */
export function isOnlyHanded(item) {
  return handed !== undefined && item.contains(handed);
}

/** A person has chosen the item that has the focus. */
export function choose() {
  handed = undefined;
}
