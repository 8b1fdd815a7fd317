/** @jsxImportSource hono/jsx */
// The changed lines of a file as a table: each line below the other, or before and now side by side.
import { changedWords, type Span } from "../../../domain/changes/changed-words.ts";
import type { DiffLine, Hunk } from "../../../domain/changes/patch.ts";
import { partnersOf, sideBySide } from "../../../domain/changes/side-by-side.ts";
import { harmless } from "../../../domain/text/harmless.ts";
import type { DiffLayout } from "./changes-query.ts";
import { colourLines, type Piece } from "./colours.ts";
import { LineText } from "./line-text.tsx";

interface TableProps {
  readonly path: string;
  readonly hunks: readonly Hunk[];
  readonly language: string | undefined;
  readonly layout: DiffLayout;
}

export function DiffTable({ path, hunks, language, layout }: TableProps) {
  const isSplit = layout === "split";
  return (
    <table class={`diff ${layout}`}>
      <caption class="unseen">Changed lines of {harmless(path)}</caption>
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
            <SplitRows {...shownHunk(hunk, language)} />
          ) : (
            <UnifiedRows {...shownHunk(hunk, language)} />
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

function UnifiedRows({ lines, ...shown }: ShownHunk) {
  return (
    <>
      {lines.map((line) => (
        <tr class={line.kind}>
          <td class="no">{line.old}</td>
          <td class="no">{line.new}</td>
          <Code line={line} {...shown} />
        </tr>
      ))}
    </>
  );
}

function SplitRows({ lines, ...shown }: ShownHunk) {
  return (
    <>
      {sideBySide(lines).map(({ left, right }) => (
        <tr>
          <td class={`no ${classOf(left)}`}>{left?.old}</td>
          <Code line={left} {...shown} />
          <td class={`no ${classOf(right)}`}>{right?.new}</td>
          <Code line={right} {...shown} />
        </tr>
      ))}
    </>
  );
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
