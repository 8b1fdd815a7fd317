// Draws the agent's screen on a terminal of the page, and sends what is typed there to the agent's host. What the terminal shows comes with the
// event stream of the page (src/web/browser/page.js): browsers allow only six connections to one server.
import { takeOthers } from "../live/other-events.js";
import { announce } from "../say.js";
import { drawScreen, opening } from "./draw.js";
import { createKeyboard, keyboardWords } from "./keyboard.js";
import { takePastes } from "./paste.js";
import { Terminal } from "./xterm.mjs";

const place = element("typed");
const { agent = "", colours = "[]" } = place.dataset;
const say = element("keyboard-say");
const facts = element("typed-facts");
const take = button("keyboard-take");
const leave = button("keyboard-leave");
const address = `/api/agents/${encodeURIComponent(agent)}`;
/** The host is asked for its screen every four seconds. */
const silentAfterMs = 10_000;
const answerWithinMs = 5_000;
/** In CSS pixels: the words and buttons above the terminal, and the keys below it. */
const leftForControls = 170;
/** A window that is drawn to another size tells many sizes on its way. */
const resizedAfterMs = 200;
const smallest = { columns: 20, rows: 6 };
const largest = { columns: 500, rows: 200 };

let viewer = "";
let isLost = true;
let isReady = true;
let hasEnded = false;
let isDrawn = false;
let heardAtMs = performance.now();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let resizing;

allowStyles();
const colour16 = /** @type {string[]} */ (JSON.parse(colours));
const [black, red, green, yellow, blue, magenta, cyan, white, ...bright] = colour16;
const [
  brightBlack,
  brightRed,
  brightGreen,
  brightYellow,
  brightBlue,
  brightMagenta,
  brightCyan,
  brightWhite,
] = bright;
const terminal = new Terminal({
  cols: 80,
  rows: 24,
  scrollback: 0,
  disableStdin: true,
  cursorInactiveStyle: "outline",
  fontFamily: getComputedStyle(place).fontFamily,
  fontSize: Number.parseFloat(getComputedStyle(place).fontSize),
  linkHandler: { activate: () => {} },
  theme: {
    ...{ background: "#0b0e13", foreground: "#d5dae2", cursor: "#d5dae2", cursorAccent: "#0b0e13" },
    ...compact({ black, red, green, yellow, blue, magenta, cyan, white, brightBlack, brightRed }),
    ...compact({ brightGreen, brightYellow, brightBlue, brightMagenta, brightCyan, brightWhite }),
  },
});
terminal.open(place);
terminal.write(opening);
terminal.attachCustomKeyEventHandler(isForAgent);
terminal.onData((keys) => press(keys));
takePastes(place, (text) => terminal.paste(text));

const keyboard = createKeyboard({
  send,
  nowMs: () => performance.now(),
  onChange: show,
});
show(keyboard.state());

take.addEventListener("click", async () => {
  await keyboard.take({ over: take.dataset.over === "true", ...room() });
  if (keyboard.state().role === "typing") terminal.focus();
});
leave.addEventListener("click", () => {
  void keyboard.leave();
  take.focus();
});
for (const key of document.querySelectorAll("[data-key]")) {
  // The terminal keeps the focus, and a phone its keyboard.
  key.addEventListener("pointerdown", (event) => event.preventDefault());
  key.addEventListener("click", () => press(key.getAttribute("data-key") ?? ""));
}
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => void keyboard.resize(room()), resizedAfterMs);
});
addEventListener("pagehide", () => void keyboard.leave());
setInterval(look, 1_000);

takeOthers({
  /** @param {{ viewer: string }} hello */
  hello(hello) {
    ({ viewer } = hello);
    isLost = false;
    isDrawn = false;
    heardAtMs = performance.now();
    keyboard.forget();
    look();
  },
  lost() {
    isLost = true;
    look();
  },
  /** @param {{ ready: boolean }} link */
  link({ ready }) {
    isReady = ready;
    look();
  },
  screen: draw,
  end() {
    hasEnded = true;
    look();
  },
});

/** @param {import("./draw.js").Screen} screen */
function draw(screen) {
  // The first screen of a new run comes after the end of the one before.
  if (screen.whole) hasEnded = false;
  heardAtMs = performance.now();
  facts.textContent = `${screen.columns} × ${screen.rows}, the size of ${screen.has_window ? "its own window" : "whoever types"}.`;
  if (terminal.cols !== screen.columns || terminal.rows !== screen.rows)
    terminal.resize(screen.columns, screen.rows);
  terminal.write(drawScreen({ ...screen, whole: screen.whole || !isDrawn }));
  isDrawn = true;
  keyboard.hear(screen.typist);
  look();
}

function look() {
  keyboard.setTrouble(trouble());
}

function trouble() {
  if (isLost) return "The connection to cliai serve is lost.";
  if (!isReady) return "cliai serve has lost NATS.";
  if (hasEnded) return `${agent} has ended.`;
  const silentMs = performance.now() - heardAtMs;
  if (silentMs < silentAfterMs) return "";
  return `There is no word from the host of ${agent}.`;
}

/** @param {import("./keyboard.js").Keys} keys @returns {Promise<import("./keyboard.js").Answer>} */
async function send(keys) {
  const response = await fetch(`${address}/keyboard`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ viewer, ...keys }),
    signal: AbortSignal.timeout(answerWithinMs),
    // Also sent while the page is being left.
    keepalive: keys.act === "leave",
  }).catch(() => {
    throw new Error("cliai serve does not answer");
  });
  const answer = await response.json();
  if (response.ok) return answer;
  throw new Error(answer.error.message);
}

/** @param {string} keys */
function press(keys) {
  if (!keyboard.press(keys)) announce(keyboardWords(keyboard.state()));
}

/** @param {import("./keyboard.js").KeyboardState} state */
function show(state) {
  const { role, other, trouble: why } = state;
  const isTyping = role === "typing";
  const words = keyboardWords(state);
  if (say.textContent !== words) say.textContent = words;
  say.classList.toggle("typing", isTyping && why === "");
  say.classList.toggle("trouble", why !== "");
  terminal.options.disableStdin = !isTyping || why !== "";
  terminal.options.cursorBlink = isTyping && !matchMedia("(prefers-reduced-motion: reduce)").matches;
  take.hidden = isTyping;
  take.disabled = role === "asking" || why !== "";
  take.dataset.over = String(other !== undefined);
  take.textContent = other === undefined ? "Type here" : `Take the keyboard over from ${other}`;
  leave.hidden = !isTyping;
  for (const key of document.querySelectorAll("button[data-key]"))
    if (key instanceof HTMLButtonElement) key.disabled = !isTyping || why !== "";
}

/** Keys that the browser or this page handles are not for the agent. @param {KeyboardEvent} event */
function isForAgent(event) {
  if (keyboard.state().role !== "typing") return false;
  if (event.ctrlKey && event.code === "Backslash") {
    if (event.type === "keydown") leave.click();
    return false;
  }
  // What is marked is copied, and the next Ctrl-C interrupts again.
  const isCopy = event.type === "keydown" && (event.ctrlKey || event.metaKey) && event.key === "c";
  if (!isCopy || !terminal.hasSelection()) return true;
  setTimeout(() => terminal.clearSelection());
  return false;
}

/** The size that the page has for the agent's screen. It counts once the agent's own window is closed. */
function room() {
  const screen = place.querySelector(".xterm-screen")?.getBoundingClientRect();
  if (screen === undefined || !hasSize(screen)) return { columns: terminal.cols, rows: terminal.rows };
  const { paddingLeft, paddingRight } = getComputedStyle(place);
  const edges =
    place.offsetWidth - place.clientWidth + Number.parseFloat(paddingLeft) + Number.parseFloat(paddingRight);
  const wide = (say.parentElement ?? place).clientWidth - edges;
  const high = innerHeight - leftForControls;
  return {
    columns: within(wide / (screen.width / terminal.cols), smallest.columns, largest.columns),
    rows: within(high / (screen.height / terminal.rows), smallest.rows, largest.rows),
  };
}

/** @param {DOMRect} box */
function hasSize({ width, height }) {
  return width > 0 && height > 0;
}

/** @param {number} value @param {number} least @param {number} most */
function within(value, least, most) {
  return Math.max(least, Math.min(most, Math.floor(value)));
}

/** xterm.js 6.0.0 adds style elements, and has no option for the nonce that the policy of this page wants. */
function allowStyles() {
  const nonce = element("typing-script").nonce;
  const create = document.createElement.bind(document);
  document.createElement = (/** @type {string} */ name, /** @type {ElementCreationOptions} */ options) => {
    const made = create(name, options);
    if (made instanceof HTMLStyleElement) made.nonce = nonce;
    return made;
  };
}

/** @param {Record<string, string | undefined>} named */
function compact(named) {
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

/** @param {string} id */
function button(id) {
  const found = element(id);
  if (!(found instanceof HTMLButtonElement)) throw new Error(`${id} is no button`);
  return found;
}
