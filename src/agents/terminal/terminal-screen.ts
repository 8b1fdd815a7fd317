// Keeps what a program's terminal shows, from what the program writes: rows of text, and the position of the cursor. `AgentCli.readPrompt`
// and its neighbours decide what the rows mean.
import type { IBufferCell, Terminal } from "@xterm/headless";
import type { OlderPicture, ScreenLine, ScreenPicture } from "../../domain/screen/picture.ts";
import type { ScreenRun, StyleWord } from "../../domain/screen/screen-messages.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { pause } from "../../waiting.ts";
import { nearestColour } from "./palette.ts";
import { createRowCounter, keptRows, type RowCounter } from "./scrollback.ts";

export interface ScreenView {
  readonly rows: readonly ScreenRow[];
  readonly cursor: { readonly row: number; readonly column: number };
}

export interface ScreenRow {
  /** The row without trailing blanks. */
  readonly text: string;
  /** The same row, with a blank for each dim character. */
  readonly brightText: string;
}

export interface TerminalScreen {
  /** Takes what the program wrote. */
  write(data: Uint8Array): void;
  resize(columns: number, rows: number): void;
  /** Resolves with the screen, once everything written so far is on it. */
  read(): Promise<ScreenView>;
  /** As {@link read}, with colours and styles. @param hasCursor whether the cursor is shown */
  readPicture(hasCursor: boolean): Promise<ScreenPicture>;
  /** Rows that have left the screen at its top, from this number on; fewer, if they are not kept. */
  readOlder(from: number, count: number): Promise<OlderPicture>;
}

const againAfterMs = 100;

/** Loads `@xterm/headless` only here, so that a run without a terminal never loads it. */
export function createTerminalScreen(columns: number, rows: number): TerminalScreen {
  // Changes are applied in order; those that come while the module is loaded wait for it.
  let last = import("@xterm/headless").then(
    ({ Terminal }) => new Terminal({ cols: columns, rows, scrollback: keptRows, allowProposedApi: true }),
  );
  let counter: RowCounter | undefined;
  const counterOf = (terminal: Terminal) => {
    counter ??= createRowCounter(terminal);
    return counter;
  };
  const next = (change: (terminal: Terminal) => void) => {
    last = last.then((terminal) => {
      try {
        change(terminal);
      } catch {
        // xterm.js refuses what is written while 50 MB wait. The program draws it again; the screen and its host go on.
      }
      return terminal;
    });
  };
  const settled = async () => {
    const terminal = await last;
    for (;;) {
      try {
        await new Promise<void>((resolve) => terminal.write("", resolve));
        return terminal;
      } catch {
        // As above. Until then nobody knows what the screen shows, so this lasts as long as the flood.
        await pause(againAfterMs);
      }
    }
  };
  return {
    write: (data) => next((terminal) => terminal.write(data)),
    resize: (wide, high) => next((terminal) => terminal.resize(wide, high)),
    read: async () => viewOf(await settled()),
    async readPicture(hasCursor) {
      const terminal = await settled();
      const above = counterOf(terminal).above();
      return { ...pictureOf(terminal, hasCursor), ...(above.to > above.from && { above }) };
    },
    async readOlder(from, count) {
      const terminal = await settled();
      return olderOf(terminal, counterOf(terminal), from, count);
    },
  };
}

function viewOf({ buffer: { active }, rows, cols }: Terminal): ScreenView {
  const lines = Array.from({ length: rows }, (_, row) => active.getLine(active.baseY + row));
  return {
    cursor: { row: active.cursorY, column: active.cursorX },
    rows: lines.map((line) => {
      let brightText = "";
      for (let column = 0; column < cols; column += 1) {
        const cell = line?.getCell(column);
        brightText += cell === undefined || cell.isDim() !== 0 ? " " : cell.getChars() || " ";
      }
      return { text: line?.translateToString(true).trimEnd() ?? "", brightText: brightText.trimEnd() };
    }),
  };
}

function pictureOf(terminal: Terminal, hasCursor: boolean): ScreenPicture {
  const { buffer, rows, cols } = terminal;
  const { active } = buffer;
  // Behind the last column, the cursor still stands on it.
  const cursor = { row: active.cursorY, column: Math.min(active.cursorX, cols - 1) };
  return {
    ...{ columns: cols, rows },
    ...(hasCursor && { cursor }),
    lines: Array.from({ length: rows }, (_, row) =>
      runsOf(
        cellsOf(terminal, active.baseY + row),
        hasCursor && row === cursor.row ? cursor.column : undefined,
      ),
    ),
  };
}

function olderOf(terminal: Terminal, counter: RowCounter, asked: number, count: number): OlderPicture {
  const above = counter.above();
  const from = Math.min(Math.max(asked, above.from), above.to);
  const length = Math.max(0, Math.min(asked + count, above.to) - from);
  const lines = Array.from({ length }, (_, place) =>
    runsOf(cellsOf(terminal, counter.indexOf(from + place)), undefined),
  );
  return { above, from, lines };
}

/** The cells of a line of the buffer. */
function cellsOf({ buffer: { active }, cols }: Terminal, index: number): (IBufferCell | undefined)[] {
  const line = active.getLine(index);
  return Array.from({ length: cols }, (_, column) => line?.getCell(column));
}

/** Joins neighbours of the same style. Blanks without a style at the end of the line are left out. */
function runsOf(cells: readonly (IBufferCell | undefined)[], cursor: number | undefined): ScreenLine {
  const runs: { style: Omit<ScreenRun, "text">; key: string; text: string }[] = [];
  for (const [column, cell] of cells.entries()) {
    // The second half of a wide character.
    if (cell?.getWidth() === 0) continue;
    // What is concealed is not sent.
    const isShown = cell !== undefined && cell.isInvisible() === 0;
    const text = (isShown && harmless(cell.getChars())) || " ";
    const style = styleOf(cell, column === cursor);
    const key = JSON.stringify(style);
    const last = runs.at(-1);
    if (last?.key === key) last.text += text;
    else runs.push({ style, key, text });
  }
  const end = runs.at(-1);
  if (end?.key === "{}") end.text = end.text.trimEnd();
  return runs.filter(({ text }) => text !== "").map(({ style, text }) => ({ text, ...style }));
}

function styleOf(cell: IBufferCell | undefined, isCursor: boolean): Omit<ScreenRun, "text"> {
  if (cell === undefined) return isCursor ? { is: ["cursor"] } : {};
  const flags: readonly (readonly [StyleWord, number])[] = [
    ["bold", cell.isBold()],
    ["dim", cell.isDim()],
    ["italic", cell.isItalic()],
    ["underline", cell.isUnderline()],
    ["inverse", cell.isInverse()],
    ["strike", cell.isStrikethrough()],
    ["cursor", Number(isCursor)],
  ];
  const is = flags.filter(([, flag]) => flag !== 0).map(([word]) => word);
  return {
    ...(!cell.isFgDefault() && { fg: cell.isFgRGB() ? nearestColour(cell.getFgColor()) : cell.getFgColor() }),
    ...(!cell.isBgDefault() && { bg: cell.isBgRGB() ? nearestColour(cell.getBgColor()) : cell.getBgColor() }),
    ...(is.length > 0 && { is }),
  };
}
