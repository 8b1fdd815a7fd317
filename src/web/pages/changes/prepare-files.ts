// Prepares the files of the tab: what is said about each, and its lines, drawn a little at a time.
import type { Child } from "hono/jsx";
import type { ChangesReport, FileChanges } from "../../../domain/changes/changes-report.ts";
import { mostLinesOfPart, sliceHunks } from "../../../domain/changes/slice-hunks.ts";
import { createFileTalk, type FileTalk, type TalkOptions } from "./file-talk.tsx";
import { languageOf } from "./lines/colours.ts";
import { drawTable } from "./lines/diff-table.tsx";
import type { Pace } from "./lines/pace.ts";

export interface PreparedFile {
  readonly file: FileChanges;
  readonly talk: FileTalk;
  /** Its lines; undefined if none are shown. */
  readonly lines?: PreparedLines;
}

export interface PreparedLines {
  readonly table: Child;
  /** The first line and the one after the last that are in the table, counted from 0, of so many. */
  readonly from: number;
  readonly end: number;
  readonly total: number;
}

export async function prepareFiles(
  { files }: ChangesReport,
  options: TalkOptions,
  pace: Pace,
): Promise<PreparedFile[]> {
  const { layout, file: one, from: asked } = options.query;
  const from = one === "" ? 0 : asked;
  const found: PreparedFile[] = [];
  for (const [index, file] of files.entries()) {
    const { path, hunks = [] } = file;
    const part = sliceHunks(hunks, from, mostLinesOfPart);
    const talk = createFileTalk(file, index, { ...options, shown: part.hunks });
    if (hunks.length === 0) found.push({ file, talk });
    else {
      const own = { path, hunks: part.hunks, language: languageOf(path), layout, talk, pace };
      const end = Math.min(part.total, from + mostLinesOfPart);
      found.push({ file, talk, lines: { table: await drawTable(own), from, end, total: part.total } });
    }
    await pace.breathe();
  }
  return found;
}

/** How many lines before those of a part the part before begins. */
export function partBefore(from: number): number {
  return Math.max(0, from - mostLinesOfPart);
}
