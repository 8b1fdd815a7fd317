// Keeps what a program's terminal shows, from what the program writes: rows of text, and the position of the cursor. `AgentCli.readPrompt`
// and its neighbours decide what the rows mean.
import type { Terminal } from "@xterm/headless";

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
}

/** Loads `@xterm/headless` only here, so that a run without a terminal never loads it. */
export function createTerminalScreen(columns: number, rows: number): TerminalScreen {
  // Changes are applied in order; those that come while the module is loaded wait for it.
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
