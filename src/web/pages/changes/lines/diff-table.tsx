/** @jsxImportSource hono/jsx */
// This room draws the changed lines of a file for the page, a little at a time: an agent may have written any number of lines, of any length.
//
// The changed lines of a file as a table: each line below the other, or before and now side by side.
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { DiffLine, Hunk } from "../../../../domain/changes/patch.ts";
import { type LineRow, sideBySide } from "../../../../domain/changes/side-by-side.ts";
import { harmless } from "../../../../domain/text/harmless.ts";
import type { DiffLayout } from "../changes-query.ts";
import { drawHunk } from "./draw-hunk.ts";
import type { Pace } from "./pace.ts";

/** What can be done with the lines of a file, and what was said about them. */
export interface LineTalk {
  /** The form that a press on a line's number sends. */
  readonly formId: string;
  readonly isChosen: (line: DiffLine) => boolean;
  /** What stands below the line: comments, and the form for one. */
  readonly below: (line: DiffLine) => Child[];
}

export interface TableOptions {
  readonly talk: LineTalk;
  readonly path: string;
  readonly hunks: readonly Hunk[];
  readonly language: string | undefined;
  readonly layout: DiffLayout;
  readonly pace: Pace;
}

/** Of one file, so many characters are coloured; what comes after them is plain. */
const mostOfFile = 100_000;

/** The table. Made hunk by hunk, so that the server answers others meanwhile. */
export async function drawTable(options: TableOptions): Promise<Child> {
  const { path, hunks, language, layout, talk } = options;
  const isSplit = layout === "split";
  let left = mostOfFile;
  const mayColour: Pace["mayColour"] = (characters) => {
    left -= characters;
    return left >= 0 && options.pace.mayColour(characters);
  };
  const pace = { ...options.pace, mayColour };
  const bodies: Child[] = [];
  for (const hunk of hunks) {
    const rows = await drawRows(hunk, { isSplit, talk, pace, htmlOf: await drawHunk(hunk, language, pace) });
    bodies.push(
      <tbody>
        <HunkHead hunk={hunk} columns={isSplit ? 4 : 3} />
        {rows}
      </tbody>,
    );
  }
  return (
    <table class={`diff ${layout}`}>
      <caption class="unseen">
        Changed lines of {harmless(path)}. Press the number of a line to comment on it.
      </caption>
      <colgroup>
        <col class="numbers" />
        {isSplit && <col />}
        <col class="numbers" />
        <col />
      </colgroup>
      <thead class="unseen">
        {isSplit ? (
          <tr>
            <th scope="col">Line before</th>
            <th scope="col">Before</th>
            <th scope="col">Line now</th>
            <th scope="col">Now</th>
          </tr>
        ) : (
          <tr>
            <th scope="col">Line before</th>
            <th scope="col">Line now</th>
            <th scope="col">Text</th>
          </tr>
        )}
      </thead>
      {bodies}
    </table>
  );
}

function HunkHead({ hunk, columns }: { hunk: Hunk; columns: number }) {
  const { old_start, new_start, heading } = hunk;
  const where = old_start === new_start ? `Line ${new_start}` : `Line ${new_start}, before ${old_start}`;
  return (
    <tr class="hunk">
      <td colspan={columns}>
        {where}
        {heading !== "" && <code> {harmless(heading)}</code>}
      </td>
    </tr>
  );
}

interface RowsOptions extends Pick<TableOptions, "talk" | "pace"> {
  readonly isSplit: boolean;
  /** The text of a line. */
  readonly htmlOf: (line: DiffLine) => string;
}

/** Rows as HTML, with elements between them where something is said about a line. */
async function drawRows({ lines }: Hunk, options: RowsOptions): Promise<Child[]> {
  const { isSplit, talk, pace } = options;
  const found: Child[] = [];
  let rows = "";
  for (const row of isSplit
    ? sideBySide(lines)
    : lines.map((line): LineRow => ({ left: line, right: line }))) {
    rows += isSplit ? splitRow(row, options) : unifiedRow(row.right, options);
    const { left, right } = row;
    const below = (left === right ? [right] : [left, right]).flatMap((line) =>
      line ? talk.below(line) : [],
    );
    if (below.length > 0) {
      found.push(
        raw(rows),
        <tr class="talk">
          <td colspan={isSplit ? 4 : 3}>{below}</td>
        </tr>,
      );
      rows = "";
    }
    await pace.breathe();
  }
  return [...found, raw(rows)];
}

const signs = { same: "\u00a0", added: "+", deleted: "\u2212" } as const;

function unifiedRow(line: DiffLine | undefined, { talk, htmlOf }: RowsOptions): string {
  if (line === undefined) return "";
  const isDeleted = line.kind === "deleted";
  const no = noClass(line, talk);
  return [
    `<tr class="${line.kind}"><td class="${no}">${isDeleted ? lineNumber(line, talk) : (line.old ?? "")}</td>`,
    `<td class="${no}">${isDeleted ? "" : lineNumber(line, talk)}</td>${codeCell(line, htmlOf)}</tr>`,
  ].join("");
}

function splitRow({ left, right }: LineRow, { talk, htmlOf }: RowsOptions): string {
  const before = left?.kind === "deleted" ? lineNumber(left, talk) : (left?.old ?? "");
  return [
    `<tr><td class="${noClass(left, talk)}">${before}</td>${codeCell(left, htmlOf)}`,
    `<td class="${noClass(right, talk)}">${right === undefined ? "" : lineNumber(right, talk)}</td>${codeCell(right, htmlOf)}</tr>`,
  ].join("");
}

/** Whoever uses the keyboard has a field for the number below the table, instead of a stop at each line. */
function lineNumber(line: DiffLine, { formId }: LineTalk): string {
  const [letter, number] = line.kind === "deleted" ? ["o", line.old] : ["n", line.new];
  return `<button type="submit" form="${formId}" name="line" value="${letter}${number}" tabindex="-1">${number}</button>`;
}

function noClass(line: DiffLine | undefined, { isChosen }: LineTalk): string {
  return `no ${classOf(line)}${line !== undefined && isChosen(line) ? " chosen" : ""}`;
}

function classOf(line: DiffLine | undefined): string {
  return line === undefined ? "none" : line.kind;
}

function codeCell(line: DiffLine | undefined, htmlOf: RowsOptions["htmlOf"]): string {
  if (line === undefined) return '<td class="none"></td>';
  return `<td class="${line.kind}"><span class="sign">${signs[line.kind]}</span>${htmlOf(line)}</td>`;
}
