// Sends the forms that give commands without leaving the page, and says whether the command was stored, and then what became of it.

import { say } from "../say.js";
import { forgetDraft } from "./drafts.js";
import { postForm } from "./post.js";

/** How long a second press on a button that has changed may have been meant for what it was. */
const settlesMs = 1_000;

/** The command that each form has sent last. @type {WeakMap<HTMLFormElement, { type: string, atMs: number }>} */
const sentBy = new WeakMap();

/**
 * What was sent from this page and is not over: the agent, its badge at that time, and the state that was said last.
 * @type {Map<string, { type: string, agent: string, badge: string, said: string }>} by the command's id
 */
const followed = new Map();

/** The states of an order that are said: that the agent has it, and how it ended. */
const told = ["seen", "applied", "failed", "refused", "expired"];

export function watchOrders() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-order]")) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    const type = typeOf(form);
    const last = sentBy.get(form);
    // The second click of a double-click on Pause finds Resume in its place.
    if (last !== undefined && last.type !== type && performance.now() - last.atMs < settlesMs) {
      report(`${last.type} was sent, and the button is ${type} now: press it again if you mean that.`);
      return;
    }
    sentBy.set(form, { type, atMs: performance.now() });
    void send(form, event.submitter);
  });
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function send(form, submitter) {
  const type = typeOf(form);
  const agent = /\/agents\/([^/]+)\//.exec(form.action)?.[1] ?? "";
  const badge = badgeOf(agent);
  form.setAttribute("aria-busy", "true");
  report(`Sending ${type} …`);
  const sent = await postForm(form, submitter);
  form.removeAttribute("aria-busy");
  if ("problem" in sent) {
    report(sent.problem, true);
    return;
  }
  const { duplicate, command_id } = sent.answer;
  followed.set(command_id, { type, agent, badge, said: "" });
  report(duplicate ? `This ${type} was stored before; it takes effect only once.` : `${type} stored.`);
  forgetDraft(form);
  form.reset();
  renewId(form);
  sayOutcomes();
}

/**
 * Says how far the commands have come that were sent from this page: by their receipts if it shows them, else by the agent's badge. Call it when
 * the page has changed.
 */
export function sayOutcomes() {
  for (const [id, order] of followed) {
    const item = document.getElementById(`command-${id}`);
    const badge = badgeOf(order.agent);
    if (item === null) {
      if (badge === order.badge || badge === "") continue;
      report(`${order.agent}: ${badge}.`);
      followed.delete(id);
      continue;
    }
    const state = item.getAttribute("data-state") ?? "";
    if (!told.includes(state) || state === order.said) continue;
    order.said = state;
    report(`${order.type} ${state}.`, state !== "seen" && state !== "applied");
    if (state !== "seen") followed.delete(id);
  }
}

/** What the fleet page says of the agent's status; empty on other pages. @param {string} agent */
function badgeOf(agent) {
  return document.querySelector(`#agent-${CSS.escape(agent)} .status`)?.textContent?.trim() ?? "";
}

/** @param {HTMLFormElement} form */
function typeOf(form) {
  const field = form.elements.namedItem("type");
  return field instanceof HTMLInputElement ? field.value : "command";
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
