// The search of the fleet page, and its saved views: names for addresses of the page. They are kept in this browser only.

const storeKey = "cliai-fleet-views";
const mostViews = 30;

/** @typedef {{ readonly name: string, readonly search: string }} View */

export function watchFleetFilter() {
  const form = document.querySelector("#fleet-filter");
  if (!(form instanceof HTMLFormElement)) return;
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) form.requestSubmit();
  });
  // Leave out what is empty, so that the address stays short.
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData])
      if (value === "" || (name === "group" && value === "state")) formData.delete(name);
  });
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const cell = target?.closest("[data-goes]");
    if (cell != null) goTo(cell.getAttribute("data-goes") ?? "");
    if (target?.closest("[data-save-view]") != null) saveView();
    const remove = target?.closest("[data-remove-view]");
    if (remove != null)
      writeViews(readViews().filter(({ name }) => name !== remove.getAttribute("data-remove-view")));
  });
  document.querySelector("[data-view-name]")?.addEventListener("keydown", (event) => {
    if (!(event instanceof KeyboardEvent) || event.key !== "Enter") return;
    event.preventDefault();
    saveView();
  });
  showViews();
}

/** @param {string} id */
function goTo(id) {
  const row = document.getElementById(`agent-${id}`);
  const link = row?.querySelector("a");
  row?.scrollIntoView({ block: "center" });
  link?.focus({ preventScroll: true });
}

function saveView() {
  const field = document.querySelector("[data-view-name]");
  const name = field instanceof HTMLInputElement ? field.value.trim() : "";
  if (name === "" || !(field instanceof HTMLInputElement)) return;
  const others = readViews().filter((view) => view.name !== name);
  writeViews([...others, { name, search: location.search }].slice(-mostViews));
  field.value = "";
}

/** @returns {View[]} */
function readViews() {
  try {
    const views = JSON.parse(localStorage.getItem(storeKey) ?? "[]");
    return Array.isArray(views)
      ? views.filter(({ name, search }) => typeof name === "string" && typeof search === "string")
      : [];
  } catch {
    return []; // something else has written there, or this browser keeps nothing: then there are no views
  }
}

/** @param {readonly View[]} views */
function writeViews(views) {
  try {
    localStorage.setItem(storeKey, JSON.stringify(views));
  } catch {
    // This browser keeps nothing; the list below shows that the view is not there.
  }
  showViews();
}

function showViews() {
  const list = document.querySelector("#view-list");
  if (list === null) return;
  list.replaceChildren(
    ...readViews().map(({ name, search }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `/${search}`;
      link.textContent = name;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "Remove";
      remove.setAttribute("data-remove-view", name);
      remove.setAttribute("aria-label", `Remove the view ${name}`);
      item.append(link, remove);
      return item;
    }),
  );
}
