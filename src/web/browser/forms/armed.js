// This room holds what forms and links that act do in the browser: whether they may, how they are sent, what was typed.
//
// Decides whether the page can send anything. While it cannot, each button and each link that acts is marked and does nothing but say why.
//
// It marks with `aria-disabled` and never with `disabled`: a browser takes the focus from an element that becomes disabled, and what is
// typed then goes nowhere.
import { say } from "../say.js";

/** What sends something: the buttons of forms that post, and the links to pages of such forms. */
const acting = "form[method=post] button[type=submit], a[data-acts]";

/**
 * @param {() => string} whyNot returns why nothing can be sent now; empty if it can
 * @param {() => boolean} isLost whether the server cannot be reached, so that following a link, or a search, would lose the page
 * @returns `arm` marks the buttons and links of new markup, before it is put into the page; `refresh` those of the page if the state has changed
 */
export function watchArmed(whyNot, isLost) {
  // In the capture phase, before any other script sends the form.
  document.addEventListener(
    "submit",
    (event) => {
      const why = offReason(event.submitter) ?? whyNot();
      // Without the server, the browser's own error page would take the place of this one: also for a search or a filter.
      if (why !== "" && (isPost(event.target) || isLost())) refuse(event, why);
    },
    true,
  );
  document.addEventListener(
    "click",
    (event) => {
      const target = event.target instanceof Element ? event.target : null;
      // A marked button is stopped at the click, because the browser would else ask for the fields that are still empty.
      const button = target?.closest("form[method=post] button[type=submit]") ?? null;
      const link = target?.closest("a[href]") ?? null;
      if (button !== null) {
        const why = offReason(button) ?? whyNot();
        if (why !== "") refuse(event, why);
      } else if (link instanceof HTMLAnchorElement && leavesThisPage(link, event)) {
        const off = offReason(link);
        const why = off ?? whyNot();
        if (why !== "" && (off !== undefined || isLost() || link.matches(acting))) refuse(event, why);
      }
    },
    true,
  );
  /** The state by which the page is marked. @type {string | undefined} */
  let marked;
  return {
    /** @param {ParentNode} markup */
    arm: (markup) => mark(markup, marked ?? ""),
    refresh() {
      const why = whyNot();
      if (why === marked) return;
      marked = why;
      document.documentElement.classList.toggle("unarmed", why !== "");
      mark(document, why);
    },
  };
}

/** @param {ParentNode} markup @param {string} why why nothing can be sent now; empty if it can */
function mark(markup, why) {
  for (const element of markup.querySelectorAll(acting)) {
    const reason = offReason(element) ?? why;
    if (reason === "") {
      element.removeAttribute("aria-disabled");
      element.removeAttribute("title");
    } else {
      element.setAttribute("aria-disabled", "true");
      element.setAttribute("title", reason);
    }
  }
}

/**
 * Why this one button or link would change nothing, or is not for who looks at the page, as the server has written it; undefined if neither.
 * @param {Element | null} element
 */
function offReason(element) {
  return element?.getAttribute("data-off") ?? undefined;
}

/** @param {EventTarget | null} form */
function isPost(form) {
  return form instanceof HTMLFormElement && form.method === "post";
}

/** @param {HTMLAnchorElement} link @param {MouseEvent} event */
function leavesThisPage(link, event) {
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const isJump = link.pathname === location.pathname && link.search === location.search && link.hash !== "";
  return isPlain && !isJump;
}

/** @param {Event} event @param {string} why */
function refuse(event, why) {
  event.preventDefault();
  event.stopImmediatePropagation();
  say(why);
}
