// Who types at the agent's terminal, and the keys on their way there: in order, one message at a time. A key that cannot go at once is dropped,
// because later it could answer another question. Knows nothing of the page.

/**
 * @typedef {object} Keys
 * @property {"take" | "type" | "leave"} act
 * @property {string} [keys]
 * @property {boolean} [over]
 * @property {number} [columns]
 * @property {number} [rows]
 *
 * @typedef {{ taken: boolean, why?: string, typist?: string }} Answer
 *
 * @typedef {object} KeyboardState
 * @property {"watching" | "asking" | "typing"} role
 * @property {string | undefined} other who types, if it is somebody else
 * @property {string} note what has happened to the keyboard; "" for nothing
 * @property {string} trouble why no key can reach the agent now; "" if it can
 *
 * @typedef {object} KeyboardOptions
 * @property {(keys: Keys) => Promise<Answer>} send rejects, with a sentence, if the host has not answered
 * @property {(state: KeyboardState) => void} onChange
 * @property {() => number} nowMs
 */

/** Keys that have waited so long for those before them are dropped. */
const lateAfterMs = 2_000;

/** @param {KeyboardOptions} options */
export function createKeyboard({ send, onChange, nowMs }) {
  /** @type {KeyboardState} */
  let state = { role: "watching", other: undefined, note: "", trouble: "This page is not connected yet." };
  /** @type {{ keys: string, atMs: number }[]} */
  let waiting = [];
  let isSending = false;
  /** Whether the host has shown that this page has the keyboard, since it was taken: a screen from before does not show it. */
  let isConfirmed = false;

  const change = (/** @type {Partial<KeyboardState>} */ changes) => {
    state = { ...state, ...changes };
    if (state.role !== "typing") waiting = [];
    onChange(state);
  };
  const refused = (/** @type {Answer} */ { why = "the host gives no reason", typist }) =>
    change({ role: "watching", other: typist, note: `The keyboard is not yours: ${why}.` });
  const sendWaiting = async () => {
    if (isSending) return;
    isSending = true;
    while (waiting.length > 0 && state.role === "typing") {
      const [first] = waiting;
      const keys = waiting.map((each) => each.keys).join("");
      waiting = [];
      if (first !== undefined && nowMs() - first.atMs > lateAfterMs) {
        change({ note: "The connection is slow: the last keys were not sent." });
        continue;
      }
      try {
        const answer = await send({ act: "type", keys });
        if (!answer.taken) refused(answer);
      } catch (error) {
        change({
          role: "watching",
          note: `${sentenceOf(error)} Whether the last keys arrived is not known.`,
        });
      }
    }
    isSending = false;
  };

  return {
    state: () => state,
    /** Asks for the keyboard. @param {{ over: boolean, columns: number, rows: number }} size also over somebody else, if `over` */
    async take({ over, columns, rows }) {
      if (state.trouble !== "") return;
      isConfirmed = false;
      change({ role: "asking", note: "" });
      try {
        const answer = await send({ act: "take", ...(over && { over }), columns, rows });
        if (!answer.taken) return refused(answer);
        change({ role: "typing", other: undefined, note: "" });
      } catch (error) {
        change({ role: "watching", note: sentenceOf(error) });
      }
    },
    /** Tells the size of the page's terminal to the host, while this page types. @param {{ columns: number, rows: number }} size */
    async resize({ columns, rows }) {
      if (state.role !== "typing" || state.trouble !== "") return;
      // If it does not arrive, the next keys tell that.
      await send({ act: "take", columns, rows }).catch(() => undefined);
    },
    /** Returns whether they go to the agent. @param {string} keys */
    press(keys) {
      if (state.role !== "typing" || state.trouble !== "") return false;
      if (state.note !== "") change({ note: "" });
      waiting.push({ keys, atMs: nowMs() });
      void sendWaiting();
      return true;
    },
    async leave() {
      if (state.role !== "typing") return;
      change({ role: "watching", note: "You have left the keyboard; the agent goes on." });
      // If it does not arrive, the host takes the keyboard back when this page watches no more.
      await send({ act: "leave" }).catch(() => undefined);
    },
    /** Who types, as the last screen says. @param {{ name: string, is_you: boolean } | undefined} typist */
    hear(typist) {
      const isYou = typist?.is_you === true;
      const other = isYou ? undefined : typist?.name;
      // A screen that shows it may come before the answer.
      if (isYou) isConfirmed = true;
      if (state.role !== "typing") return change({ other });
      if (isYou || !isConfirmed) return;
      const note =
        other === undefined ? "The host has taken the keyboard back." : `${other} took the keyboard.`;
      change({ role: "watching", other, note });
    },
    /** @param {string} trouble a sentence; "" if there is none any more */
    setTrouble(trouble) {
      if (trouble === state.trouble) return;
      waiting = [];
      change({ trouble });
    },
    /** The seat at the terminal is another one: who types there has to ask again. */
    forget() {
      change({ role: "watching", other: undefined });
    },
  };
}

/** @param {unknown} error */
function sentenceOf(error) {
  const text = error instanceof Error ? error.message : String(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/**
 * What the page says of the keyboard.
 * @param {KeyboardState} state
 */
export function keyboardWords({ role, other, note, trouble }) {
  if (trouble !== "") return `${trouble} Keys are not sent.`;
  if (role === "typing") return note === "" ? "You type." : `You type. ${note}`;
  if (role === "asking") return "Asking for the keyboard …";
  const who = other === undefined ? "Nobody types from elsewhere." : `${other} types there.`;
  if (note === "") return who;
  return other !== undefined && note.includes(other) ? note : `${note} ${who}`;
}
