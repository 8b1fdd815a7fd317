// Sends the forms that act on what needs a person without leaving the page, and says what became of each agent.
import { say } from "../say.js";
import { forgetDraft } from "./drafts.js";
import { postForm } from "./post.js";

export function watchNeedActs() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-act]")) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    void send(form, event.submitter);
  });
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function send(form, submitter) {
  form.setAttribute("aria-busy", "true");
  say(form.dataset.act ?? "");
  const result = await postForm(form, submitter);
  form.removeAttribute("aria-busy");
  if ("problem" in result) {
    say(result.problem);
    return;
  }
  const { results, said } = result.answer;
  say(said);
  // What an agent has not taken stays typed.
  if (results.some((/** @type {object} */ each) => "error" in each)) return;
  forgetDraft(form);
  form.reset(); // so that it does not count as typed and not sent when the need is over
}
