// The page that asks before an order to many agents: the number on its button, all or none, and a search among the targets.
import { agents } from "./chosen.js";

/** @param {() => void} onCount called when it is another number: the button acts only if there is one */
export function watchTargets(onCount) {
  const form = document.querySelector("form#targets");
  if (!(form instanceof HTMLFormElement)) return;
  const boxes = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input[name=agents]")]);
  const button = form.querySelector("button[data-label]");
  const label = button?.querySelector("span");
  const show = () => {
    const count = boxes.filter(({ checked }) => checked).length;
    if (label != null) label.textContent = `${button?.getAttribute("data-label")} ${agents(count)}`;
    if (count === 0) button?.setAttribute("data-off", "no agent is checked");
    else button?.removeAttribute("data-off");
    onCount();
  };
  form.addEventListener("change", show);
  for (const each of form.querySelectorAll("button[data-check]")) {
    each.addEventListener("click", () => {
      for (const box of boxes) {
        const isShown = box.closest("li")?.hidden !== true;
        if (isShown) box.checked = each.getAttribute("data-check") === "all";
      }
      show();
    });
  }
  const search = form.querySelector("input[data-narrow]");
  search?.addEventListener("input", () => {
    const words = (search instanceof HTMLInputElement ? search.value : "").toLowerCase().split(/\s+/);
    for (const item of form.querySelectorAll(".targets > li")) {
      const text = (item.textContent ?? "").toLowerCase();
      if (item instanceof HTMLElement) item.hidden = !words.every((word) => text.includes(word));
    }
  });
  // Enter in the search would send the form.
  search?.addEventListener("keydown", (event) => {
    if (event instanceof KeyboardEvent && event.key === "Enter") event.preventDefault();
  });
  show();
}
