// Lays lines out in two columns: what was there before on the left, what is there now on the right.
import type { DiffLine } from "./patch.ts";

export interface LineRow {
  readonly left?: DiffLine;
  readonly right?: DiffLine;
}

/** A line that stayed stands on both sides. Deleted lines stand beside the added lines that follow them, the first beside the first. */
export function sideBySide(lines: readonly DiffLine[]): LineRow[] {
  const rows: LineRow[] = [];
  let [deleted, added]: [DiffLine[], DiffLine[]] = [[], []];
  const flush = () => {
    for (let at = 0; at < Math.max(deleted.length, added.length); at++) {
      const [left, right] = [deleted[at], added[at]];
      rows.push({ ...(left && { left }), ...(right && { right }) });
    }
    [deleted, added] = [[], []];
  };
  for (const line of lines) {
    if (line.kind === "deleted" && added.length > 0) flush();
    if (line.kind === "deleted") deleted.push(line);
    else if (line.kind === "added") added.push(line);
    else {
      flush();
      rows.push({ left: line, right: line });
    }
  }
  flush();
  return rows;
}

/** For each changed line the one that stands beside it. */
export function partnersOf(lines: readonly DiffLine[]): Map<DiffLine, DiffLine> {
  const partners = new Map<DiffLine, DiffLine>();
  for (const { left, right } of sideBySide(lines)) {
    if (left === undefined || right === undefined || left === right) continue;
    partners.set(left, right).set(right, left);
  }
  return partners;
}
