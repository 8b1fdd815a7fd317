/** @jsxImportSource hono/jsx */
// One changed file: what became of it, its counts, and its changed lines. A long one is folded, and opened on a page of its own.
import type { Child } from "hono/jsx";
import { changedLines, fileWords } from "../../../domain/changes/changed-file.ts";
import type { FileChanges } from "../../../domain/changes/changes-report.ts";
import { bytesText, countText } from "../../../domain/text/amounts.ts";
import { harmless } from "../../../domain/text/harmless.ts";
import { type PreparedFile, type PreparedLines, partBefore } from "./prepare-files.ts";

interface ChangedFileProps extends PreparedFile {
  readonly id: string;
  /** Makes the address of the page with this file alone. @param from its first line there */
  readonly pageOf: (from: number) => string;
}

export function ChangedFileItem({ file, id, pageOf, talk, lines }: ChangedFileProps) {
  const { left_out } = file;
  return (
    <details class="changed-file" id={id} open={left_out === undefined || talk.unplaced !== undefined}>
      <summary>
        <FileName file={file} />
        <Counts file={file} />
      </summary>
      {left_out === "long" && (
        <p class="more">
          <a href={pageOf(0)}>Show its {countText(changedLines(file))} changed lines</a>
        </p>
      )}
      {left_out === undefined && <WhyNoLines file={file} />}
      {left_out === "cut" && (
        <p class="quiet">
          Its lines are not shown here: together they have more than 4 MiB, or they are more than 100,000.
        </p>
      )}
      {talk.unplaced}
      {talk.others}
      {lines !== undefined && <Lines lines={lines} pageOf={pageOf} pick={talk.pick} />}
    </details>
  );
}

interface LinesProps extends Pick<ChangedFileProps, "pageOf"> {
  readonly lines: PreparedLines;
  readonly pick: Child;
}

function Lines({ lines: { table, from, end, total }, pageOf, pick }: LinesProps) {
  return (
    <>
      {from > 0 && (
        <p class="more">
          <a href={pageOf(partBefore(from))}>Lines before</a>
        </p>
      )}
      {table}
      {(from > 0 || end < total) && (
        <p class="more">
          These are {countText(from + 1)} to {countText(end)} of {countText(total)} lines, with those around
          the changes. {end < total && <a href={pageOf(end)}>Lines after</a>}
        </p>
      )}
      {pick}
    </>
  );
}

function FileName({ file }: { file: FileChanges }) {
  const { path, old_path } = file;
  return (
    <span class="file-name">
      <code>{harmless(path)}</code>
      {old_path !== undefined && (
        <span class="quiet">
          {" "}
          from <code>{harmless(old_path)}</code>
        </span>
      )}
      {fileWords(file).map((word) => (
        <span class="mark">{word}</span>
      ))}
    </span>
  );
}

export function Counts({
  file,
}: {
  file: Pick<FileChanges, "added" | "deleted" | "is_binary" | "too_large">;
}) {
  const { added, deleted, is_binary, too_large } = file;
  if (too_large !== undefined) return <span class="counts quiet">{bytesText(too_large)}</span>;
  if (is_binary === true) return <span class="counts quiet">binary</span>;
  if (added === undefined || deleted === undefined) return null;
  return (
    <span class="counts">
      <span class="plus">+{countText(added)}</span> <span class="minus">−{countText(deleted)}</span>
    </span>
  );
}

function WhyNoLines({ file }: { file: FileChanges }) {
  const { hunks, is_binary, too_large, kind, seen, state, executable } = file;
  if (hunks !== undefined && hunks.length > 0) return null;
  const why =
    too_large !== undefined
      ? `It is too large to be read: ${bytesText(too_large)}.`
      : kind === "repository"
        ? "It is a repository of its own, and is not looked into."
        : seen === ""
          ? "Its name is not UTF-8, so it cannot be read here."
          : is_binary === true
            ? "It is no text."
            : state === "renamed" || state === "copied" || executable !== undefined
              ? "Its text is the same."
              : "It is empty.";
  return <p class="quiet">{why}</p>;
}
