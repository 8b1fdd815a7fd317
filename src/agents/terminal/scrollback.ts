// Numbers the rows of a terminal, so that those that have left the screen at its top can be asked for in pieces while more of them leave it:
// 0 is the first row that the program wrote. The oldest rows are dropped, and keep their numbers. After another width, long lines are
// wrapped anew, and the numbers are of the rows as they are then.
import type { IMarker, Terminal } from "@xterm/headless";
import type { KeptRows } from "../../domain/screen/screen-messages.ts";

/** How many rows are kept that have left the screen. With 120 columns they take 1.5 MB. */
export const keptRows = 1_000;

export interface RowCounter {
  /** The rows above the screen. None on the alternate screen: what left the other one is not what stands above this one. */
  above(): KeptRows;
  /** Where the row with this number is in the buffer. */
  indexOf(row: number): number;
}

type Counted = Pick<Terminal, "buffer" | "registerMarker">;

export function createRowCounter(terminal: Counted): RowCounter {
  /** The number of the first row in the buffer. */
  let first = 0;
  /** The last row above the screen, when it was last looked at, and its number: it tells how many rows were dropped since. */
  let marker: IMarker | undefined;
  let marked = 0;
  const count = () => {
    const { normal } = terminal.buffer;
    // If that row is gone itself, all rows above it are.
    if (marker !== undefined) first = marker.line === -1 ? marked + 1 : marked - marker.line;
    marker?.dispose();
    marker = normal.baseY > 0 ? terminal.registerMarker(-normal.cursorY - 1) : undefined;
    marked = first + normal.baseY - 1;
  };
  return {
    above() {
      const { active, normal } = terminal.buffer;
      if (active.type === "alternate") return { from: first, to: first };
      count();
      return { from: first, to: first + normal.baseY };
    },
    indexOf: (row) => row - first,
  };
}
