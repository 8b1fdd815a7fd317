// The changed lines of files, from a patch as git prints it.
import { parsePatch } from "diff";

export interface DiffLine {
  readonly kind: "same" | "added" | "deleted";
  /** Its number in the file before; absent for an added line. */
  readonly old?: number;
  /** Its number in the file now; absent for a deleted line. */
  readonly new?: number;
  readonly text: string;
  /** It is the last one, and no line feed follows it. */
  readonly is_unended?: true;
}

/** Changed lines with some lines around them. */
export interface Hunk {
  readonly old_start: number;
  readonly new_start: number;
  /** The line above that git takes for its heading, such as that of a function; "" if there is none. */
  readonly heading: string;
  readonly lines: readonly DiffLine[];
}

/**
 * The patch in a piece for each file. A line of a file never begins with `d` there.
 * @param isCut whether the patch ends somewhere: its last piece is left out then
 */
export function splitPatch(patch: string, isCut = false): string[] {
  const pieces = patch.split(/(?<=\n)(?=diff --git )/).filter((piece) => piece.startsWith("diff --git "));
  return isCut ? pieces.slice(0, -1) : pieces;
}

/** The names of the file before and now that a piece is about; undefined where git gives none. */
export interface FilePatch {
  readonly oldPath: string | undefined;
  readonly newPath: string | undefined;
  readonly hunks: readonly Hunk[];
}

/** @throws Error if it is no patch of one file */
export function parseFilePatch(piece: string): FilePatch {
  const [patch] = parsePatch(piece);
  // Not by `^` and `$`, for which a carriage return ends a line, too.
  const headings = piece.split("\n").filter((line) => line.startsWith("@@ "));
  const pathOf = (name: string | undefined) =>
    name === undefined || name === "/dev/null" ? undefined : name.slice("a/".length);
  return {
    oldPath: pathOf(patch?.oldFileName),
    newPath: pathOf(patch?.newFileName),
    hunks: (patch?.hunks ?? []).map(({ oldStart, newStart, lines }, index) => ({
      old_start: oldStart,
      new_start: newStart,
      heading: (headings[index] ?? "").replace(/^@@ .*? @@ ?|\r$/g, ""),
      lines: numbered(lines, oldStart, newStart),
    })),
  };
}

function numbered(lines: readonly string[], oldStart: number, newStart: number): DiffLine[] {
  const found: DiffLine[] = [];
  let [before, now] = [oldStart, newStart];
  for (const line of lines) {
    const text = line.slice(1);
    const last = found.at(-1);
    if (line.startsWith("+")) found.push({ kind: "added", new: now++, text });
    else if (line.startsWith("-")) found.push({ kind: "deleted", old: before++, text });
    else if (!line.startsWith("\\")) found.push({ kind: "same", old: before++, new: now++, text });
    else if (last !== undefined) found[found.length - 1] = { ...last, is_unended: true };
  }
  return found;
}
