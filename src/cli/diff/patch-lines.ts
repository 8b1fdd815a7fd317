// Writes an agent's changes as lines: as a patch that people and `patch -p1` read, or as a list of files.
import { type ChangedFile, fileWords } from "../../domain/changes/changed-file.ts";
import type { ChangesReport, FileChanges } from "../../domain/changes/changes-report.ts";
import type { DiffLine, Hunk } from "../../domain/changes/patch.ts";
import { bytesText, countText } from "../../domain/text/amounts.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { alignRows, type Colour, paint, plain } from "../frame/terminal.ts";

export function statLines({ files }: ChangesReport, color: boolean): string[] {
  const rows = files.map((file) => [`  ${plain(nameOf(file))}`, countsOf(file), fileWords(file).join(", ")]);
  return alignRows(rows).map(([name = "", counts = "", words = ""]) => {
    const painted = counts
      .replace(/\+[\d,]+/, (plus) => paint(plus, "green", color))
      .replace(/−[\d,]+/, (minus) => paint(minus, "red", color));
    return `${name}  ${painted}  ${words}`.trimEnd();
  });
}

function nameOf({ path, old_path }: ChangedFile): string {
  return old_path === undefined ? path : `${old_path} → ${path}`;
}

function countsOf({ added, deleted, is_binary, too_large }: ChangedFile): string {
  if (too_large !== undefined) return bytesText(too_large);
  if (is_binary === true) return "binary";
  return added === undefined || deleted === undefined ? "" : `+${countText(added)} −${countText(deleted)}`;
}

export function* patchLines({ files }: ChangesReport, color: boolean): Generator<string> {
  for (const file of files) {
    for (const line of headOf(file)) yield paint(line, "bold", color);
    for (const hunk of file.hunks ?? []) yield* hunkLines(hunk, color);
  }
}

function headOf(file: FileChanges): string[] {
  const { path, old_path = path, state, hunks, is_binary, left_out, seen, too_large, kind } = file;
  const [before, now] = [`a/${plain(old_path)}`, `b/${plain(path)}`];
  const words = fileWords(file).join(", ");
  const head = `diff --git ${before} ${now}${words === "" ? "" : ` (${words})`}`;
  if (left_out !== undefined || too_large !== undefined)
    return [head, "  its lines are not shown: it is too large"];
  if (kind === "repository") return [head, "  it is a repository of its own, and is not looked into"];
  if (seen === "") return [head, "  its name is not UTF-8, so it cannot be read here"];
  if (is_binary === true) return [head, "  it is no text"];
  if (hunks === undefined || hunks.length === 0) return [head];
  const from = state === "added" ? "/dev/null" : before;
  return [head, `--- ${from}`, `+++ ${state === "deleted" ? "/dev/null" : now}`];
}

function* hunkLines({ old_start, new_start, heading, lines }: Hunk, color: boolean): Generator<string> {
  // By git's rule, a side without lines begins at the line before.
  const side = (start: number, other: DiffLine["kind"]) => {
    const count = lines.filter(({ kind }) => kind !== other).length;
    return `${count === 0 ? start - 1 : start},${count}`;
  };
  const where = `@@ -${side(old_start, "added")} +${side(new_start, "deleted")} @@`;
  yield `${paint(where, "cyan", color)}${heading === "" ? "" : ` ${shown(heading)}`}`;
  for (const line of lines) {
    const [sign, colour] = signs[line.kind];
    yield paint(`${sign}${shown(line.text)}`, colour, color);
    if (line.is_unended === true) yield "\\ No newline at end of file";
  }
}

const signs: Readonly<Record<DiffLine["kind"], readonly [string, Colour | undefined]>> = {
  same: [" ", undefined],
  added: ["+", "green"],
  deleted: ["-", "red"],
};

/** As it is written, but a terminal obeys nothing of it. Tabs stay, as a program that reads the patch needs them. */
function shown(text: string): string {
  return text.split("\t").map(harmless).join("\t");
}
