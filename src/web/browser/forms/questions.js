// Checks a request's form before it is sent: the browser shows which question has no answer yet, and keeps what was typed.

export function watchQuestions() {
  // On click, because it comes before the browser validates the form; Enter causes a click, too.
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("form.answer button[type=submit]") : null;
    for (const question of button?.closest("form")?.querySelectorAll("fieldset.question") ?? []) {
      check(question);
    }
  });
  document.addEventListener("input", ({ target }) => {
    const question = target instanceof Element ? target.closest("fieldset.question") : null;
    if (question !== null) check(question);
  });
}

/** @param {Element} question */
function check(question) {
  const field = question.querySelector("input, textarea");
  const words = question.querySelector("textarea");
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) return;
  const isAnswered = question.querySelector("input:checked") !== null || words?.value.trim() !== "";
  const isOpen = field instanceof HTMLTextAreaElement;
  field.setCustomValidity(isAnswered ? "" : isOpen ? "Answer this, too." : "Choose one, or answer in words.");
}
