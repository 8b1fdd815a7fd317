// What is pasted at the terminal of the page. xterm.js 6.0.0 leaves control characters in it, so a text with the mark that ends a paste would be
// taken for keys from there on.

/**
 * Calls `onText` with each text that is pasted there, before xterm.js sees the event, which then sees none.
 * @param {EventTarget} place
 * @param {(text: string) => void} onText
 */
export function takePastes(place, onText) {
  const take = (/** @type {Event & { clipboardData?: DataTransfer | null }} */ event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const text = pastedText(event.clipboardData?.getData("text/plain") ?? "");
    if (text !== "") onText(text);
  };
  place.addEventListener("paste", take, { capture: true });
}

/** The text without control characters, except tabs and line feeds. @param {string} text */
export function pastedText(text) {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(/[^\P{Cc}\t\n]/gu, "");
}
