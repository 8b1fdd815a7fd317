// Keeps what a person has typed into the forms of the page, in this tab's storage, so that it outlives a reload. A form that is kept
// names its key in `data-draft`. Fields with `data-undrafted` are not kept; a link with `data-gives-up` forgets what was typed.

const prefix = "draft ";

/** The forms of this page that lead to another one now. What comes onto this page until then does not make drafts of them. @type {Set<string>} */
const sent = new Set();

/** @typedef {[name: string, index: number, value: string | boolean][]} Draft each field that is not as the server made it */

export function watchDrafts() {
  document.addEventListener("input", ({ target }) => {
    const form = target instanceof Element ? target.closest("form[data-draft]") : null;
    if (!(form instanceof HTMLFormElement)) return;
    sent.delete(keyOf(form));
    keep(form);
  });
  document.addEventListener("click", ({ target }) => {
    const form =
      target instanceof Element ? target.closest("a[data-gives-up]")?.closest("form[data-draft]") : null;
    if (form instanceof HTMLFormElement) forgetDraft(form);
  });
  // A form that no other script sends leads to another page.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset.draft === undefined) return;
    if (event.defaultPrevented) return;
    forgetDraft(form);
    sent.add(keyOf(form));
  });
}

/** Gives back what was typed, to each form that has nothing typed in it. Call it when forms have come onto the page. */
export function restoreDrafts() {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (!(form instanceof HTMLFormElement)) continue;
    if (draftOf(form).length > 0) {
      // Also what the server has given back, because it could not be sent.
      if (!sent.has(keyOf(form))) keep(form);
      continue;
    }
    for (const [name, index, value] of load(keyOf(form))) {
      const field = fieldsOf(form).filter((each) => each.name === name)[index];
      if (field === undefined) continue;
      if (typeof value === "string") field.value = value;
      else if (field instanceof HTMLInputElement) field.checked = value;
    }
  }
}

/** Forgets what was typed, because it has been sent or given up. @param {HTMLFormElement} form */
export function forgetDraft(form) {
  sessionStorage.removeItem(keyOf(form));
}

/** The words of a draft that is kept, one line for each field; empty if there are none. @param {string} draft the form's `data-draft` */
export function keptText(draft) {
  return load(`${prefix}${draft}`)
    .flatMap(([, , value]) => (typeof value === "string" && value.trim() !== "" ? [value] : []))
    .join("\n");
}

/** The words that a person has typed into the form, one line for each field. @param {HTMLFormElement} form */
export function typedText(form) {
  return fieldsOf(form)
    .filter((field) => !isTick(field) && field.value.trim() !== "" && field.value !== madeAs(field))
    .map(({ value }) => value)
    .join("\n");
}

/** @param {HTMLFormElement} form */
function keep(form) {
  const draft = draftOf(form);
  try {
    if (draft.length === 0) forgetDraft(form);
    else sessionStorage.setItem(keyOf(form), JSON.stringify(draft));
  } catch {
    // The storage is full or not allowed: the draft stays on the page, and is lost with it.
  }
}

/** @param {HTMLFormElement} form @returns {Draft} */
function draftOf(form) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  /** @type {Draft} */
  const draft = [];
  for (const field of fieldsOf(form)) {
    const index = counts.get(field.name) ?? 0;
    counts.set(field.name, index + 1);
    if (isTick(field)) {
      const { checked, defaultChecked } = /** @type {HTMLInputElement} */ (field);
      if (checked !== defaultChecked) draft.push([field.name, index, checked]);
    } else if (field.value !== madeAs(field)) draft.push([field.name, index, field.value]);
  }
  return draft;
}

/** @param {HTMLFormElement} form @returns {(HTMLTextAreaElement | HTMLInputElement)[]} */
function fieldsOf(form) {
  /** @type {(HTMLTextAreaElement | HTMLInputElement)[]} */
  const fields = [];
  for (const field of form.elements) {
    if (field instanceof HTMLTextAreaElement) fields.push(field);
    else if (
      field instanceof HTMLInputElement &&
      field.type !== "hidden" &&
      field.dataset.undrafted === undefined
    )
      fields.push(field);
  }
  return fields;
}

/** What was in the field before anybody typed. The server marks words that a person has typed. @param {HTMLTextAreaElement | HTMLInputElement} field */
function madeAs({ defaultValue, dataset }) {
  return dataset.typed === undefined ? defaultValue : "";
}

/** @param {HTMLTextAreaElement | HTMLInputElement} field */
function isTick(field) {
  return field.type === "checkbox" || field.type === "radio";
}

/** @param {HTMLFormElement} form */
function keyOf(form) {
  return `${prefix}${form.dataset.draft}`;
}

/** @param {string} key @returns {Draft} */
function load(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "[]");
  } catch {
    return []; // not allowed, or not written by this script
  }
}
