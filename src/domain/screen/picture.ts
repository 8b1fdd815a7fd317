// This room decides what is sent of a terminal's screen, and what a viewer makes of it.
//
// A screen as rows of runs, each in one style. Only text and styles: no character in it is one that a terminal would obey.
import { harmless } from "../text/harmless.ts";
import {
  type KeptRows,
  largestScreen,
  type ScreenFrame,
  type ScreenRun,
  type Typist,
} from "./screen-messages.ts";

export type ScreenLine = readonly ScreenRun[];

export interface ScreenPicture {
  readonly columns: number;
  readonly rows: number;
  /** Absent if the cursor is hidden. */
  readonly cursor?: { readonly row: number; readonly column: number } | undefined;
  readonly lines: readonly ScreenLine[];
  /** The rows that have left the screen and can be asked for; absent if none are kept. */
  readonly above?: KeptRows | undefined;
}

/** Rows that have left the screen at its top. */
export interface OlderPicture {
  readonly above: KeptRows;
  /** The number of the first line. */
  readonly from: number;
  readonly lines: readonly ScreenLine[];
}

/** Above so many bytes a frame is sent without colours and styles. */
const mostStyledBytes = 256 * 1024;

export interface DrawnLines {
  readonly lines: ScreenFrame["lines"];
  /** Each line as text, to compare the next picture with. */
  readonly drawn: readonly string[];
}

/**
 * The lines of the picture that differ from those drawn before.
 * @param before undefined for all lines
 */
export function linesToDraw(picture: ScreenPicture, before: readonly string[] | undefined): DrawnLines {
  const { columns, rows } = sizeOf(picture);
  const sent = linesToSend(picture.lines.slice(0, rows), columns);
  const drawn = sent.map((line) => JSON.stringify(line));
  const isSame = before?.length === drawn.length;
  return {
    drawn,
    lines: sent.flatMap((runs, row) =>
      isSame && before[row] === drawn[row] ? [] : [{ row, runs: [...runs] }],
    ),
  };
}

/** The lines, cut at the width of the screen; without their styles, if they are too large for one message. */
export function linesToSend(lines: readonly ScreenLine[], columns: number): readonly ScreenLine[] {
  const sent = lines.map((line) => cutLine(line, Math.min(columns, largestScreen.columns)));
  const bytes = sent.reduce((sum, line) => sum + JSON.stringify(line).length, 0);
  return bytes > mostStyledBytes ? sent.map(plainLine) : sent;
}

/** The size of the screen as it is sent. */
export function sizeOf({ columns, rows }: Pick<ScreenPicture, "columns" | "rows">) {
  return {
    columns: Math.min(columns, largestScreen.columns),
    rows: Math.min(rows, largestScreen.rows),
  };
}

function plainLine(line: ScreenLine): ScreenLine {
  const text = line.map((run) => run.text).join("");
  return text === "" ? [] : [{ text }];
}

/** By UTF-16 units, which are at least as many as the columns of all but wide characters. */
function cutLine(line: ScreenLine, columns: number): ScreenLine {
  let left = columns;
  return line.flatMap((run) => {
    const text = run.text.slice(0, left);
    left -= text.length;
    return text === "" ? [] : [text === run.text ? run : { ...run, text }];
  });
}

/** What a viewer sees. */
export interface ShownScreen extends ScreenPicture {
  readonly seq: number;
  readonly run?: string | undefined;
  readonly typist?: Typist | undefined;
  readonly hasWindow: boolean;
}

/**
 * The screen after a frame; undefined if a frame before it was missed, so that all lines are needed. Characters that a terminal would obey are
 * replaced: a host sends none, but any program with an agent's credentials can send frames.
 */
export function applyFrame(shown: ShownScreen | undefined, frame: ScreenFrame): ShownScreen | undefined {
  const { seq, columns, rows, cursor, above, typist, has_window: hasWindow, instance_id: run } = frame;
  const isNext = shown?.seq === seq - 1 && shown.run === run && shown.rows === rows;
  if (!frame.whole && !isNext) return undefined;
  const lines: ScreenLine[] = frame.whole
    ? Array.from({ length: rows }, () => [])
    : [...(shown?.lines ?? [])];
  for (const { row, runs } of frame.lines) if (row < rows) lines[row] = harmlessLine(runs);
  const by = typist && { ...typist, name: harmless(typist.name) };
  return { seq, run, columns, rows, cursor, above, typist: by, hasWindow, lines };
}

/** A line without characters that a terminal would obey. */
export function harmlessLine(line: ScreenLine): ScreenLine {
  return line.map(harmlessRun);
}

function harmlessRun(run: ScreenRun): ScreenRun {
  const text = harmless(run.text);
  return text === run.text ? run : { ...run, text };
}

/** The text of the screen, without blank lines at its end. */
export function textOfScreen({ lines }: Pick<ScreenPicture, "lines">): string {
  return lines
    .map((line) =>
      line
        .map(({ text }) => text)
        .join("")
        .trimEnd(),
    )
    .join("\n")
    .trimEnd();
}
