// Sends answers to requests without leaving the page, and keeps a person's place while requests come and go: what was typed for a request
// that somebody else decided stays in sight, and the focus goes to the next request.

import { handFocus } from "../keys/chosen-item.js";
import { localSentence } from "../live/local-times.js";
import { announce, say } from "../say.js";
import { forgetDraft, keptText, restoreDrafts, typedText } from "./drafts.js";
import { postForm } from "./post.js";

/** The answer that was sent last from this page, until its delivery is over. @type {{ id: string, said: string, rule: string } | undefined} */
let sent;

/** How long after a change of the page a click may have been meant for what was there before. */
const settlesMs = 500;

/** The buttons that answer a request, or act on something else that needs a person. */
const itemButtons = ":is(form[data-answer], form[data-act]) button[type=submit]";

/**
 * Where the buttons of the requests were, before each change of the last `settlesMs`.
 * @type {{ atMs: number, buttons: { button: Element, box: DOMRect }[] }[]}
 */
let layouts = [];

export function watchAnswers() {
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target instanceof Element ? event.target.closest(itemButtons) : null;
      // A key presses a button with `detail` 0. It goes to the button that has the focus, wherever that is.
      if (button === null || event.detail === 0 || !wasOnAnother(button, event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      say("The requests have just moved: look, then click again.");
    },
    true,
  );
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-answer]")) return;
    event.preventDefault();
    // A form that was sent stays until the server takes its request off the page. A second Enter must not send it again.
    if (form.getAttribute("aria-busy") === "true") return;
    void send(form, event.submitter);
  });
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("[data-dismiss]") : null;
    const item = button?.closest("[data-kept]");
    if (!(item instanceof HTMLElement)) return;
    sessionStorage.removeItem(item.dataset.kept ?? "");
    const next = nextOf(item);
    item.remove();
    focusOn(next);
  });
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function send(form, submitter) {
  const item = form.closest("li.request");
  const asker = item?.getAttribute("data-asker") ?? "the agent";
  form.setAttribute("aria-busy", "true");
  const result = await postForm(form, submitter);
  if ("problem" in result) {
    form.removeAttribute("aria-busy");
    say(result.problem);
    return;
  }
  forgetDraft(form);
  const id = form.dataset.answer ?? "";
  const rule = ruleWords(result.answer.rule);
  sent = { id, said: "", rule };
  say(`Answered ${asker}.${rule}`);
  sayDelivery();
}

/** @param {{ rule_id?: string, problem?: string } | undefined} rule what became of the standing rule that was asked for */
function ruleWords(rule) {
  if (rule === undefined) return "";
  return rule.problem === undefined
    ? ` The rule ${rule.rule_id} stands.`
    : ` No rule was made: ${rule.problem}.`;
}

/**
 * Applies a change of the page, and keeps a person's place in its requests.
 * @param {() => void} apply
 */
export function keepPlace(apply) {
  const before = openItems();
  const focused = before.find((item) => item.contains(document.activeElement));
  const caret = caretOf(document.activeElement);
  noteLayout();
  apply();
  const open = new Set(openItems());
  /** @type {Element | undefined} where the focus goes, if the change has taken it away */
  let next;
  for (const [index, item] of before.entries()) {
    if (open.has(item)) continue;
    const follower = before.slice(index + 1).find((each) => open.has(each));
    const kept = keepTyped(item, follower);
    if (item !== focused) continue;
    next = kept?.querySelector("textarea") ?? follower ?? nextOf(undefined);
  }
  if (next !== undefined) focusOn(next, caret);
  restoreDrafts();
  sayDelivery();
}

/**
 * Shows what was typed for a request that is over, if it was not sent: with how the request ended, until the person dismisses it.
 * @param {HTMLElement} item the request as it was on the page
 * @param {HTMLElement | undefined} follower the request before which it stood
 */
function keepTyped(item, follower) {
  const form = [...item.querySelectorAll("form[data-draft]")].find(
    (each) => each instanceof HTMLFormElement && typedText(each) !== "",
  );
  if (!(form instanceof HTMLFormElement) || form.getAttribute("aria-busy") === "true") return undefined;
  const text = typedText(form);
  const list = follower?.parentElement ?? document.querySelector("ol.requests");
  if (list === null) return undefined;
  const ended = document.getElementById(`request-${form.dataset.answer}`);
  const how = endedText(ended) ?? "It is not open any more.";
  const asked = item.querySelector(".asked, .attention")?.textContent ?? "";
  const kept = keptItem(form.dataset.draft ?? "", { asker: item.dataset.asker ?? "", asked, how, text });
  if (kept !== undefined) list.insertBefore(kept, follower ?? null);
  return kept;
}

/** The same for what was typed before this page was loaded, and whose request somebody else has decided since. Call it once. */
export function showKept() {
  const list = document.querySelector("ol.requests");
  for (const ended of document.querySelectorAll("[data-ended]")) {
    const draft = ended.id.replace("request-", "");
    const text = keptText(draft);
    // If it is what was answered, it was sent, and only the server's word for it was lost.
    if (text === "" || list === null || ended.textContent?.includes(text)) continue;
    const asker = ended.getAttribute("data-asker") ?? "";
    const asked = ended.querySelector("[data-asked]")?.textContent ?? "";
    const kept = keptItem(draft, { asker, asked, how: endedText(ended) ?? "", text });
    if (kept !== undefined) list.append(kept);
  }
}

/**
 * @param {string} draft the key of the draft, which is forgotten when the item is dismissed
 * @param {{ asker: string, asked: string, how: string, text: string }} words
 */
function keptItem(draft, { text, ...words }) {
  const template = document.querySelector("#kept-item");
  if (!(template instanceof HTMLTemplateElement)) return undefined;
  const kept = /** @type {DocumentFragment} */ (template.content.cloneNode(true)).firstElementChild;
  if (!(kept instanceof HTMLElement)) return undefined;
  kept.dataset.kept = `draft ${draft}`;
  for (const [part, said] of Object.entries(words)) {
    const place = kept.querySelector(`[data-part="${part}"]`);
    if (place !== null) place.textContent = said;
  }
  const field = kept.querySelector("textarea");
  if (field !== null) field.value = text;
  announce(`${words.how} What you had typed stays on the page.`);
  return kept;
}

function noteLayout() {
  const nowMs = performance.now();
  const buttons = [...document.querySelectorAll(itemButtons)].map((button) => ({
    button,
    box: button.getBoundingClientRect(),
  }));
  layouts = [...layouts.filter(({ atMs }) => nowMs - atMs < settlesMs), { atMs: nowMs, buttons }];
}

/**
 * Whether another button was under the pointer a moment ago, such as that of the request that has just been answered: this click may be the
 * second of a double-click on it.
 * @param {Element} button @param {MouseEvent} event
 */
function wasOnAnother(button, { clientX, clientY }) {
  const nowMs = performance.now();
  return layouts.some(
    ({ atMs, buttons }) =>
      nowMs - atMs < settlesMs &&
      buttons.some(
        ({ button: other, box }) =>
          other !== button &&
          clientX >= box.left &&
          clientX <= box.right &&
          clientY >= box.top &&
          clientY <= box.bottom,
      ),
  );
}

/** Says how far the answer that was sent last has come, whenever that changes. */
function sayDelivery() {
  if (sent === undefined) return;
  const ended = document.getElementById(`request-${sent.id}`);
  const delivery = ended?.querySelector(".delivery");
  const words = delivery?.textContent ?? "";
  if (words === "" || words === sent.said) return;
  sent.said = words;
  say(`${endedText(ended) ?? ""} ${words.charAt(0).toUpperCase()}${words.slice(1)}.${sent.rule}`);
  if (delivery?.hasAttribute("data-over")) sent = undefined;
}

/** How a request has ended, as a sentence. @param {Element | null} item */
function endedText(item) {
  const text = item?.getAttribute("data-ended");
  return text == null ? undefined : localSentence(text, item?.getAttribute("data-ended-at") ?? null);
}

/** @returns {HTMLElement[]} the requests on the page that wait for an answer */
function openItems() {
  return [...document.querySelectorAll("li.request:not([data-kept])")].filter(
    (item) => item instanceof HTMLElement,
  );
}

/**
 * What has the focus after a request: the next one, else the first one, else the words that none waits.
 * @param {HTMLElement | undefined} item
 */
function nextOf(item) {
  const items = [...document.querySelectorAll("li.request")].filter((each) => each !== item);
  const after = items.find(
    (each) => item !== undefined && item.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING,
  );
  return after ?? items[0] ?? document.querySelector("#title-nothing, #title-requests") ?? undefined;
}

/** @param {Element | undefined} element @param {number} [caret] */
function focusOn(element, caret) {
  if (!(element instanceof HTMLElement)) return;
  if (element.tabIndex < 0 && !element.hasAttribute("tabindex")) element.setAttribute("tabindex", "-1");
  handFocus(element);
  if (element instanceof HTMLTextAreaElement && caret !== undefined) element.setSelectionRange(caret, caret);
}

/** @param {Element | null} element */
function caretOf(element) {
  return element instanceof HTMLTextAreaElement ? element.selectionStart : undefined;
}
