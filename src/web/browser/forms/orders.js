// Sends the forms that give commands without leaving the page, and shows whether the command was stored.

import { say } from "../say.js";
import { forgetDraft } from "./drafts.js";
import { postForm } from "./post.js";

export function watchOrders() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-order]")) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    void send(form, event.submitter);
  });
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function send(form, submitter) {
  const field = form.elements.namedItem("type");
  const type = field instanceof HTMLInputElement ? field.value : "command";
  form.setAttribute("aria-busy", "true");
  report(`Sending ${type} …`);
  const sent = await postForm(form, submitter);
  form.removeAttribute("aria-busy");
  if ("problem" in sent) {
    report(sent.problem, true);
    return;
  }
  const { duplicate } = sent.answer;
  report(duplicate ? `This ${type} was stored before; it takes effect only once.` : `${type} stored.`);
  forgetDraft(form);
  form.reset();
  renewId(form);
}

/** @param {HTMLFormElement} form */
function renewId(form) {
  const id = form.elements.namedItem("command_id");
  if (id instanceof HTMLInputElement) id.value = crypto.randomUUID();
}

/** @param {string} text @param {boolean} [isBad] */
function report(text, isBad = false) {
  const result = document.querySelector("#order-result");
  if (result === null) return say(text);
  result.textContent = text;
  result.classList.toggle("bad", isBad);
}
