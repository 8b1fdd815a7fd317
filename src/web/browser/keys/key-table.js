// The keys of the page: one table, which the page obeys, which its help shows, and with which docs/commands.md is compared.
import {
  check,
  decide,
  giveTask,
  open,
  pauseOrResume,
  search,
  showTerminal,
  showWhole,
  stop,
  takeChoice,
  writeWords,
} from "./acts.js";
import { follow } from "./follow.js";
import { focusedItem, hasOwnFocus, moveFocus } from "./items.js";
import { pages } from "./pages.js";

/**
 * @typedef {object} KeyRow
 * @property {readonly string[]} keys each as the browser names it; two with a space between are pressed one after the other
 * @property {string} shown the keys as people read them
 * @property {string} what what they do
 * @property {boolean} [repeats] whether a key that is held down counts again and again
 * @property {(key: string) => boolean} act returns false if there is nothing to act on, and the key is left to the browser
 */

const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** @param {{ help: () => void }} dialogs @returns {readonly KeyRow[]} */
export function keyTable({ help }) {
  return [
    ...pages.map(({ key, href, name }) => ({
      keys: [`g ${key}`],
      shown: `g ${key}`,
      what: `goes to the page ${name}`,
      act: () => {
        follow(href);
        return true;
      },
    })),
    { keys: ["j", "k"], shown: "j k", what: "moves to the next item, or to the one before", ...moving("j") },
    {
      keys: ["ArrowDown", "ArrowUp"],
      shown: "↓ ↑",
      what: "moves in the same way once an item has the focus",
      repeats: true,
      act: (key) => isMoved(key) && moveFocus(key === "ArrowDown" ? 1 : -1),
    },
    { keys: ["Enter"], shown: "Enter", what: "opens the item", act: open },
    { keys: ["/"], shown: "/", what: "searches", act: search },
    { keys: ["y"], shown: "y", what: "approves what the chosen request asks", act: () => decide("approve") },
    { keys: ["n"], shown: "n", what: "refuses it", act: () => decide("refuse") },
    {
      keys: digits,
      shown: "1–9",
      what: "answers with the choice of that number, or ticks it where several questions are asked",
      act: (key) => takeChoice(digits.indexOf(key)),
    },
    { keys: ["r"], shown: "r", what: "begins an answer or a reason in words", act: writeWords },
    { keys: ["e"], shown: "e", what: "shows the whole input of a permission, or hides it", act: showWhole },
    { keys: ["t"], shown: "t", what: "begins a task for the agent", act: giveTask },
    { keys: ["p"], shown: "p", what: "pauses the agent, or lets a paused one go on", act: pauseOrResume },
    { keys: ["s"], shown: "s", what: "stops the agent, after a question that names it", act: stop },
    { keys: ["a"], shown: "a", what: "shows the agent's terminal", act: showTerminal },
    {
      keys: [" "],
      shown: "Space",
      what: "checks the agent of the row; p and s then act on all checked ones",
      act: check,
    },
    {
      keys: ["?"],
      shown: "?",
      what: "lists the keys",
      act: () => {
        help();
        return true;
      },
    },
  ];
}

/** What is always there, also while the keys of one letter are off. @type {readonly Pick<KeyRow, "shown" | "what">[]} */
export const otherKeys = [
  { shown: "⌘K Ctrl-K", what: "goes to an agent or a page by its name; also while you type" },
  { shown: "Esc", what: "leaves a field, so that the other keys work again; closes a list" },
];

/** @param {string} down @returns {Pick<KeyRow, "repeats" | "act">} */
function moving(down) {
  return { repeats: true, act: (key) => moveFocus(key === down ? 1 : -1) };
}

/** Arrows scroll the page, except where an item has the focus and its end is in sight. @param {string} key */
function isMoved(key) {
  const item = focusedItem();
  if (item === undefined || !hasOwnFocus(item)) return false;
  const { top, bottom } = item.getBoundingClientRect();
  return key === "ArrowDown" ? bottom <= innerHeight : top >= 0;
}
