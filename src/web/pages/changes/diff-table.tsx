/** @jsxImportSource hono/jsx */
// The changed lines of a file as a table: each line below the other, or before and now side by side.
import type { Child } from "hono/jsx";
import { changedWords, type Span } from "../../../domain/changes/changed-words.ts";
import type { DiffLine, Hunk } from "../../../domain/changes/patch.ts";
import { partnersOf, sideBySide } from "../../../domain/changes/side-by-side.ts";
import { harmless } from "../../../domain/text/harmless.ts";
import type { DiffLayout } from "./changes-query.ts";
import { colourLines, type Piece } from "./colours.ts";
import { LineText } from "./line-text.tsx";

/** What can be done with the lines of a file, and what was said about them. */
export interface LineTalk {
  /** The form that a press on a line's number sends. */
  readonly formId: string;
  readonly isChosen: (line: DiffLine) => boolean;
  /** What stands below the line: comments, and the form for one. */
  readonly below: (line: DiffLine) => Child[];
}

interface TableProps {
  readonly talk: LineTalk;
  readonly path: string;
  readonly hunks: readonly Hunk[];
  readonly language: string | undefined;
  readonly layout: DiffLayout;
}

export function DiffTable({ path, hunks, language, layout, talk }: TableProps) {
  const isSplit = layout === "split";
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
      {hunks.map((hunk) => (
        <tbody>
          <HunkHead hunk={hunk} columns={isSplit ? 4 : 3} />
          {isSplit ? (
            <SplitRows {...shownHunk(hunk, language)} talk={talk} />
          ) : (
            <UnifiedRows {...shownHunk(hunk, language)} talk={talk} />
          )}
        </tbody>
      ))}
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

interface ShownHunk {
  readonly lines: readonly DiffLine[];
  readonly piecesOf: (line: DiffLine) => readonly Piece[];
  readonly changedIn: (line: DiffLine) => readonly Span[];
}

/** Its lines with their colours: those of before and those of now are coloured by themselves, because together they are no text of the language. */
function shownHunk({ lines }: Hunk, language: string | undefined): ShownHunk {
  const pieces = new Map<DiffLine, readonly Piece[]>();
  for (const isOfSide of [
    ({ kind }: DiffLine) => kind !== "added",
    ({ kind }: DiffLine) => kind !== "deleted",
  ]) {
    const side = lines.filter(isOfSide);
    const coloured = colourLines(side.map(textOf), language);
    for (const [index, line] of side.entries()) pieces.set(line, coloured[index] ?? []);
  }
  const changed = new Map<DiffLine, readonly Span[]>();
  for (const [line, partner] of partnersOf(lines)) {
    if (line.kind !== "deleted") continue;
    const spans = changedWords(textOf(line), textOf(partner));
    changed.set(line, spans.before).set(partner, spans.now);
  }
  return { lines, piecesOf: (line) => pieces.get(line) ?? [], changedIn: (line) => changed.get(line) ?? [] };
}

/** Without the carriage return that ends each line of some files. */
function textOf({ text }: DiffLine): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

const signs = { same: "\u00a0", added: "+", deleted: "\u2212" } as const;

type RowsProps = ShownHunk & Pick<TableProps, "talk">;

function UnifiedRows({ lines, talk, ...shown }: RowsProps) {
  return (
    <>
      {lines.map((line) => (
        <>
          <tr class={line.kind}>
            <td class={noClass(line, talk)}>
              {line.kind === "deleted" ? <LineNumber line={line} talk={talk} /> : line.old}
            </td>
            <td class={noClass(line, talk)}>
              {line.kind !== "deleted" && <LineNumber line={line} talk={talk} />}
            </td>
            <Code line={line} {...shown} />
          </tr>
          <Below lines={[line]} talk={talk} columns={3} />
        </>
      ))}
    </>
  );
}

function SplitRows({ lines, talk, ...shown }: RowsProps) {
  return (
    <>
      {sideBySide(lines).map(({ left, right }) => (
        <>
          <tr>
            <td class={noClass(left, talk)}>
              {left?.kind === "deleted" ? <LineNumber line={left} talk={talk} /> : left?.old}
            </td>
            <Code line={left} {...shown} />
            <td class={noClass(right, talk)}>{right && <LineNumber line={right} talk={talk} />}</td>
            <Code line={right} {...shown} />
          </tr>
          <Below lines={left === right ? [right] : [left, right]} talk={talk} columns={4} />
        </>
      ))}
    </>
  );
}

/** Whoever uses the keyboard has a field for the number below the table, instead of a stop at each line. */
function LineNumber({ line, talk: { formId } }: { line: DiffLine; talk: LineTalk }) {
  const [letter, number] = line.kind === "deleted" ? ["o", line.old] : ["n", line.new];
  return (
    <button type="submit" form={formId} name="line" value={`${letter}${number}`} tabindex={-1}>
      {number}
    </button>
  );
}

interface BelowProps {
  readonly lines: readonly (DiffLine | undefined)[];
  readonly talk: LineTalk;
  readonly columns: number;
}

function Below({ lines, talk, columns }: BelowProps) {
  const found = lines.flatMap((line) => (line === undefined ? [] : talk.below(line)));
  if (found.length === 0) return null;
  return (
    <tr class="talk">
      <td colspan={columns}>{found}</td>
    </tr>
  );
}

function noClass(line: DiffLine | undefined, { isChosen }: LineTalk): string {
  return `no ${classOf(line)}${line !== undefined && isChosen(line) ? " chosen" : ""}`;
}

function classOf(line: DiffLine | undefined): string {
  return line === undefined ? "none" : line.kind;
}

function Code({ line, piecesOf, changedIn }: Omit<ShownHunk, "lines"> & { line: DiffLine | undefined }) {
  if (line === undefined) return <td class="none" />;
  return (
    <td class={line.kind}>
      <span class="sign">{signs[line.kind]}</span>
      <LineText pieces={piecesOf(line)} changed={changedIn(line)} isUnended={line.is_unended} />
    </td>
  );
}
