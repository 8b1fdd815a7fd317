// This room is the script of the page on which a person types at an agent's terminal.
//
// Turns rows of the agent's screen into what is written to the page's own terminal. They have characters and styles only; nothing else of what
// the agent printed is in them.

/**
 * @typedef {object} Run
 * @property {string} text
 * @property {number} [fg]
 * @property {number} [bg]
 * @property {readonly string[]} [is]
 *
 * @typedef {object} Screen
 * @property {number} columns
 * @property {number} rows
 * @property {{ row: number, column: number }} [cursor] absent if it is hidden
 * @property {boolean} has_window
 * @property {boolean} whole
 * @property {{ name: string, is_you: boolean }} [typist]
 * @property {readonly { row: number, runs: readonly Run[] }[]} lines
 */

/** @type {Readonly<Record<string, number>>} */
const codes = { bold: 1, dim: 2, italic: 3, underline: 4, inverse: 7, strike: 9 };
/** The black of the cube, which is black on every terminal. */
const cubeBlack = 16;
const esc = "\u001b";

/** No line may wrap, and pasted text comes between marks, so that it is not taken for keys. */
export const opening = `${esc}[?7l${esc}[?2004h`;

/** @param {Screen} screen @returns {string} */
export function drawScreen({ whole, lines, cursor }) {
  const all = lines.map(
    ({ row, runs }) => `${esc}[${row + 1};1H${esc}[0m${esc}[2K${runs.map(drawRun).join("")}`,
  );
  const place =
    cursor === undefined ? `${esc}[?25l` : `${esc}[${cursor.row + 1};${cursor.column + 1}H${esc}[?25h`;
  return `${esc}[?25l${whole ? `${esc}[0m${esc}[2J` : ""}${all.join("")}${esc}[0m${place}`;
}

/** The cursor is the terminal's own, so its mark is left out. @param {Run} run */
function drawRun({ text, fg, bg, is = [] }) {
  const styles = is.flatMap((word) => codes[word] ?? []).map(String);
  // Black text alone would not be seen on the dark ground, so it is grey there; on a ground of its own it is black.
  const front = fg === 0 && bg !== undefined ? cubeBlack : fg;
  const colours = [
    ...(fg === undefined ? [] : [`38;5;${front}`]),
    ...(bg === undefined ? [] : [`48;5;${bg}`]),
  ];
  // The server has replaced what a terminal would obey. So has this script, because it is what writes to one.
  const shown = text.replaceAll(/\p{Cc}/gu, "\ufffd");
  return `${esc}[${["0", ...styles, ...colours].join(";")}m${shown}`;
}
