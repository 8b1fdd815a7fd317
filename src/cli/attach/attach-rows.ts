// Draws what a viewer sees: the part of the agent's screen that fits, and a last row that says who types and how to leave. Of the agent's
// screen only characters and styles are drawn, so that nothing else of it reaches this terminal.
import type { ScreenLine, ShownScreen } from "../../domain/screen/picture.ts";
import type { ScreenRun, StyleWord } from "../../domain/screen/screen-messages.ts";
import { cut, paint } from "../frame/terminal.ts";
import type { ScreenSize } from "../screen/full-screen.ts";
import { rowsOfView } from "./look-back.ts";
import type { AttachState } from "./state.ts";

/** The rows that are left for the agent's screen. */
export function roomFor({ columns, rows }: ScreenSize): ScreenSize {
  return { columns, rows: Math.max(1, rows - 1) };
}

export function attachRows(state: AttachState, size: ScreenSize, color: boolean): string[] {
  const { screen, back } = state;
  const room = roomFor(size);
  const first = screen === undefined ? 0 : firstRow(screen, room.rows);
  const lines =
    screen !== undefined && back !== undefined
      ? rowsOfView(back, screen, room.rows)
      : (screen?.lines.slice(first, first + room.rows) ?? []);
  const shown = Array.from({ length: room.rows }, (_, row) => rowText(lines[row] ?? [], color));
  return [...shown, paint(cut(lastRow(state, room, first), size.columns), "inverse", true)];
}

/** Keeps the cursor, or else the last written row, on the screen. */
function firstRow({ lines, cursor }: ShownScreen, height: number): number {
  const last = lines.findLastIndex((line) => line.some(({ text }) => text.trim() !== ""));
  const wanted = Math.max(cursor?.row ?? 0, cursor === undefined ? last : Math.min(last, cursor.row + 2));
  return Math.max(0, Math.min(wanted - height + 1, lines.length - height));
}

const codes: Readonly<Record<StyleWord, number>> = {
  ...{ bold: 1, dim: 2, italic: 3, underline: 4, inverse: 7, strike: 9, cursor: 7 },
};

function rowText(line: ScreenLine, color: boolean): string {
  return line.map((run) => runText(run, color)).join("");
}

function runText({ text, fg, bg, is = [] }: ScreenRun, color: boolean): string {
  // The cursor on marked text is shown by the absence of the mark.
  const isTwice = is.includes("inverse") && is.includes("cursor");
  const styles = is.map((word) => codes[word]).filter((code) => !(isTwice && code === codes.inverse));
  const colours = color
    ? [...(fg === undefined ? [] : colour(fg, 30)), ...(bg === undefined ? [] : colour(bg, 40))]
    : [];
  const all = [...styles.map(String), ...colours];
  return all.length === 0 ? text : `${all.map((code) => `\u001b[${code}m`).join("")}${text}\u001b[0m`;
}

/** @param base 30 for text, 40 for the ground */
function colour(number: number, base: 30 | 40): string[] {
  if (number < 8) return [String(base + number)];
  return [number < 16 ? String(base + 60 + number - 8) : `${base + 8};5;${number}`];
}

function lastRow(state: AttachState, room: ScreenSize, first: number): string {
  const { id, detachKey, back, screen } = state;
  if (back !== undefined) {
    const { from = 0, to = 0 } = screen?.above ?? {};
    const place = `looking back, row ${back.top - from + 1} of ${to - from} above the screen`;
    return ` ${[id, place, "page up, page down", "any other key returns"].join(" · ")} `;
  }
  const parts = [
    id,
    ...wordsOf(state),
    ...partWords(screen, room, first),
    ...backWords(state),
    `${detachKey.name} leaves`,
  ];
  return ` ${parts.join(" · ")} `;
}

function wordsOf({ role, other, note, trouble, isReadOnly }: AttachState): string[] {
  if (trouble !== undefined) return [trouble];
  switch (role) {
    case "asking":
      return ["asking for the keyboard"];
    case "typing":
      return ["you type"];
    case "confirming":
      return [`${other ?? "somebody"} types there: take the keyboard over? y/n`];
    case "watching": {
      const who = other === undefined ? "nobody types from elsewhere" : `${other} types`;
      const why = note === undefined ? [who] : [note];
      return isReadOnly ? ["read-only", who] : [...why, "press a key to type"];
    }
  }
}

function backWords({ screen, role }: AttachState): string[] {
  if (screen?.above === undefined || role === "confirming") return [];
  return [role === "watching" ? "page up looks back" : "alt-page-up looks back"];
}

/** What part of the screen is seen, if it does not fit; and who decides its size. */
function partWords(screen: ShownScreen | undefined, room: ScreenSize, first: number): string[] {
  if (screen === undefined) return [];
  const { columns, rows, hasWindow } = screen;
  const isTall = rows > room.rows;
  const isWide = columns > room.columns;
  if (!isTall && !isWide) return [];
  const size = `${columns}×${rows}, the size of ${hasWindow ? "its own window" : "whoever types"}`;
  return [isTall ? `rows ${first + 1}-${first + room.rows} of ${size}` : `left part of ${size}`];
}
