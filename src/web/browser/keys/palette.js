// The palette: a field in which a person types where to go, and the list of what fits. It only leads to pages: what acts is a form there,
// which names the agents and asks.
import { follow } from "./follow.js";
import { findPlaces } from "./palette-places.js";

/** A list that has not come by then is done without. */
const patienceMs = 5_000;

/** The agents as they were listed last. @type {readonly import("./palette-places.js").Agent[]} */
let agents = [];

/** Opens the palette, or closes it. */
export function togglePalette() {
  const before = document.querySelector("dialog.palette");
  if (before instanceof HTMLDialogElement) return before.close();
  if (document.querySelector("dialog[open]") !== null) return;
  const { dialog, field, list, note } = build();
  /** @type {readonly import("./palette-places.js").Place[]} */
  let places = [];
  let selected = 0;

  const select = (/** @type {number} */ index) => {
    selected = index;
    for (const [place, option] of [...list.children].entries()) {
      option.setAttribute("aria-selected", String(place === index));
      if (place === index) option.scrollIntoView({ block: "nearest" });
    }
    const { id = "" } = list.children[index] ?? {};
    if (id === "") field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", id);
  };
  const show = () => {
    const found = findPlaces(agents, field.value);
    places = found.places;
    list.replaceChildren(...places.map(optionOf));
    const more = found.more > 0 ? `+${found.more} more: type on to narrow the list` : "";
    note.textContent = places.length === 0 ? "Nothing fits." : more;
    select(0);
  };
  const go = (/** @type {number} */ index) => {
    const place = places[index];
    if (place === undefined) return;
    dialog.close();
    follow(place.href, place.acts);
  };

  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing || (step === undefined && event.key !== "Enter")) return;
    event.preventDefault();
    if (step === undefined) go(selected);
    else if (places.length > 0) select((selected + step + places.length) % places.length);
  });
  list.addEventListener("click", ({ target }) => {
    const option = target instanceof Element ? target.closest("[role=option]") : null;
    if (option !== null) go([...list.children].indexOf(option));
  });
  // A click beside the palette closes it; one with a key, such as Enter, has no place.
  dialog.addEventListener("click", ({ target, clientX, clientY, detail }) => {
    if (target !== dialog || detail === 0) return;
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    const isInside = clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
    if (!isInside) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  show();
  document.body.append(dialog);
  dialog.showModal();
  void readAgents().then((read) => {
    if (read === undefined || !dialog.isConnected) return;
    const { href } = places[selected] ?? {};
    agents = read;
    show();
    // What was selected stays so, because Enter may be on its way.
    select(
      Math.max(
        0,
        places.findIndex((place) => place.href === href),
      ),
    );
  });
}

async function readAgents() {
  try {
    const response = await fetch("/palette", { signal: AbortSignal.timeout(patienceMs) });
    return response.ok ? (await response.json()).agents : undefined;
  } catch {
    return undefined; // the server is away: the agents that were listed last are offered
  }
}

function build() {
  const dialog = document.createElement("dialog");
  dialog.className = "overlay palette";
  dialog.setAttribute("aria-label", "Go to an agent or a page");
  const field = document.createElement("input");
  field.type = "text";
  field.autocomplete = "off";
  field.spellcheck = false;
  field.placeholder = "An agent, a page, or “stop ada”";
  for (const [name, value] of [
    ["role", "combobox"],
    ["aria-label", "Where to go"],
    ["aria-expanded", "true"],
    ["aria-controls", "palette-list"],
    ["aria-autocomplete", "list"],
  ])
    field.setAttribute(name ?? "", value ?? "");
  const list = document.createElement("ul");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Where to go");
  const note = document.createElement("p");
  note.className = "quiet";
  note.setAttribute("role", "status");
  dialog.append(field, list, note);
  return { dialog, field, list, note };
}

/** @param {import("./palette-places.js").Place} place @param {number} index */
function optionOf({ name, words }, index) {
  const option = document.createElement("li");
  option.id = `palette-${index}`;
  option.setAttribute("role", "option");
  const title = document.createElement("b");
  title.textContent = name;
  const more = document.createElement("span");
  more.className = "quiet";
  more.textContent = words;
  option.append(title, " ", more);
  return option;
}
