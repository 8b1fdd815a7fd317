// Sends a form without leaving the page.

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter the button that was pressed; its name and value are sent with the fields
 * @returns {Promise<{ answer: any } | { problem: string }>} what the server answered, or why it took nothing, as a sentence
 */
export async function postForm(form, submitter) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form, submitter)) fields.append(name, String(value));
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: fields,
      headers: { accept: "application/json" },
    });
    const answer = await response.json();
    if (response.ok) return { answer };
    const { message, hint } = answer.error;
    return { problem: `Not sent: ${message}${hint ? ` (${hint})` : ""}` };
  } catch {
    // It may have arrived before the connection broke. Sending it again does no harm, because it has the same id.
    return { problem: "No answer: whether it arrived is not known. Sending it again is safe." };
  }
}
