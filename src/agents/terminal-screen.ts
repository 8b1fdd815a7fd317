// What a program's terminal shows, kept from all that the program writes: rows of text, and where the cursor stands. Not
// what it means: that is the row of the CLI.
import type { Terminal } from "@xterm/headless";

export interface ScreenView {
  readonly rows: readonly ScreenRow[];
  readonly cursor: { readonly row: number; readonly column: number };
}

export interface ScreenRow {
  /** Without blanks at its end. */
  readonly text: string;
  /** The same, with blanks in the place of what is written dim. */
  readonly brightText: string;
}

export interface TerminalScreen {
  /** What the program wrote. */
  write(data: Uint8Array): void;
  resize(columns: number, rows: number): void;
  /** The screen once all that was written until now is on it. */
  read(): Promise<ScreenView>;
}

/** Loads the terminal's model at the first call: a run without a terminal never does. */
export function createTerminalScreen(columns: number, rows: number): TerminalScreen {
  // In order: what comes while the model is loaded waits for it.
  let last = import("@xterm/headless").then(
    ({ Terminal }) => new Terminal({ cols: columns, rows, scrollback: 0, allowProposedApi: true }),
  );
  const next = (change: (terminal: Terminal) => void) => {
    last = last.then((terminal) => {
      change(terminal);
      return terminal;
    });
  };
  return {
    write: (data) => next((terminal) => terminal.write(data)),
    resize: (wide, high) => next((terminal) => terminal.resize(wide, high)),
    async read() {
      const terminal = await last;
      await new Promise<void>((resolve) => terminal.write("", resolve));
      return viewOf(terminal);
    },
  };
}

function viewOf({ buffer: { active }, rows, cols }: Terminal): ScreenView {
  const lines = Array.from({ length: rows }, (_, row) => active.getLine(active.viewportY + row));
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
