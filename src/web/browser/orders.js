// Sends the forms that give commands without leaving the page, and shows whether the command was stored.

/** @param {() => string} whyNot returns why nothing can be sent now; empty if it can */
export function watchOrders(whyNot) {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-order]")) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    void send(form);
  });
  return () => {
    const fieldset = document.querySelector("#orders");
    const why = document.querySelector("#orders-why");
    if (!(fieldset instanceof HTMLFieldSetElement) || why === null) return;
    why.textContent = whyNot();
    fieldset.disabled = why.textContent !== "";
  };
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.set(name, String(value));
  const type = fields.get("type");
  form.setAttribute("aria-busy", "true");
  report(`Sending ${type} …`);
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: fields,
      headers: { accept: "application/json" },
    });
    const answer = await response.json();
    if (response.ok) {
      report(
        answer.duplicate ? `This ${type} was stored before; it takes effect only once.` : `${type} stored.`,
      );
      form.reset();
      renewId(form);
    } else {
      report(`Not sent: ${answer.error.message}${answer.error.hint ? ` (${answer.error.hint})` : ""}`, true);
    }
  } catch {
    // It may have arrived before the connection broke. Sending it again does no harm, because it has the same id.
    report(`No answer: whether the ${type} arrived is not known. Sending it again is safe.`, true);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** @param {HTMLFormElement} form */
function renewId(form) {
  const id = form.elements.namedItem("command_id");
  if (id instanceof HTMLInputElement) id.value = crypto.randomUUID();
}

/** @param {string} text @param {boolean} [isBad] */
function report(text, isBad = false) {
  const result = document.querySelector("#order-result");
  if (result === null) return;
  result.textContent = text;
  result.classList.toggle("bad", isBad);
}
