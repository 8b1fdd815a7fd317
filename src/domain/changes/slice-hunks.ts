// Cuts the lines of a long file into parts that a page can show.
import type { Hunk } from "./patch.ts";

/** So many lines of a file are shown at once. */
export const mostLinesOfPart = 1_500;

export interface HunkPart {
  readonly hunks: readonly Hunk[];
  /** Of all lines of the file, with those around the changes. */
  readonly total: number;
}

/** The lines from `from` on, which is counted from 0 over all hunks; at most `most` of them. */
export function sliceHunks(hunks: readonly Hunk[], from: number, most: number): HunkPart {
  const part: Hunk[] = [];
  let before = 0;
  for (const hunk of hunks) {
    const [first, end] = [Math.max(0, from - before), Math.max(0, from + most - before)];
    const lines = hunk.lines.slice(first, end);
    before += hunk.lines.length;
    if (lines.length === 0) continue;
    const passed = hunk.lines.slice(0, first);
    part.push({
      ...hunk,
      old_start: hunk.old_start + passed.filter(({ kind }) => kind !== "added").length,
      new_start: hunk.new_start + passed.filter(({ kind }) => kind !== "deleted").length,
      lines,
    });
  }
  return { hunks: part, total: before };
}
