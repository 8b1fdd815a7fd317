// Looking at what has left the screen, page by page. The person's place stays where it is while the agent goes on; the rows are asked for when they
// are to be seen. Pure.
import type { OlderPicture, ScreenLine, ShownScreen } from "../../domain/screen/picture.ts";
import { mostOlderRows } from "../../domain/screen/screen-messages.ts";

export interface LookBack {
  /** The number of the row at the top of the view. */
  readonly top: number;
  /** The rows that have come, by their numbers. */
  readonly rows: ReadonlyMap<number, ScreenLine>;
  /** Where these numbers count: in another run, and at another width, they are of other rows. */
  readonly of: string;
  /** The rows of the view. */
  readonly height: number;
}

export interface RowsAsked {
  readonly from: number;
  readonly count: number;
}

export interface Looking {
  readonly screen: ShownScreen | undefined;
  /** Whether keys go to the agent: then Page Up is for it, and only Alt-Page-Up or Shift-Page-Up looks back. */
  readonly role: string;
  readonly back: LookBack | undefined;
}

const up = "\u001b[5~";
const down = "\u001b[6~";
/** With Shift, Alt or both. */
const alwaysUp: readonly string[] = [2, 3, 4].map((modifiers) => `\u001b[5;${modifiers}~`);
const alwaysDown: readonly string[] = [2, 3, 4].map((modifiers) => `\u001b[6;${modifiers}~`);

/** At most so many rows are kept: as many as a host keeps. */
const mostKept = 1_000;

/**
 * What a key does to the view; undefined if it is none for it. While somebody looks back, every other key returns to the present screen, and
 * does nothing else.
 * @param height the rows of the view
 */
export function lookBack(
  { screen, role, back }: Looking,
  keys: string,
  height: number,
): { back: LookBack | undefined; ask?: RowsAsked | undefined } | undefined {
  const isPlain = back !== undefined || role === "watching";
  const isUp = alwaysUp.includes(keys) || (isPlain && keys === up);
  const isDown = alwaysDown.includes(keys) || (isPlain && keys === down);
  if (back === undefined && !isUp) return undefined;
  const above = screen?.above;
  if (screen === undefined || above === undefined || (!isUp && !isDown)) return { back: undefined };
  const of = placeOf(screen);
  const known = back?.of === of ? back : undefined;
  const step = Math.max(1, height - 1);
  const from = known?.top ?? above.to + Math.max(0, screen.rows - height);
  const top = Math.max(above.from, from + (isUp ? -step : step));
  if (isDown && top + height >= above.to + screen.rows) return { back: undefined };
  const next = { top, rows: known?.rows ?? new Map(), of, height };
  return { back: next, ask: missingIn(next, above.to) };
}

/**
 * The view when another screen has come: the rows that have left it meanwhile are to be asked for. It ends in another run, at another width, and
 * where no rows are kept any more.
 */
export function keepLooking(
  back: LookBack | undefined,
  before: ShownScreen | undefined,
  screen: ShownScreen,
): { back: LookBack | undefined; ask?: RowsAsked | undefined } {
  if (back === undefined || screen.above === undefined || back.of !== placeOf(screen))
    return { back: undefined };
  const isSame = before?.above?.to === screen.above.to;
  return { back, ask: isSame ? undefined : missingIn(back, screen.above.to) };
}

export function takeOlder(back: LookBack | undefined, { from, lines }: OlderPicture): LookBack | undefined {
  if (back === undefined) return undefined;
  const all = [...back.rows, ...lines.map((line, place) => [from + place, line] as const)];
  return { ...back, rows: new Map(all.slice(-mostKept)) };
}

/** The rows of the view: those above the screen as far as they have come, then those of the present screen. */
export function rowsOfView({ top, rows }: LookBack, screen: ShownScreen, height: number): ScreenLine[] {
  const first = screen.above?.to ?? 0;
  return Array.from({ length: height }, (_, place) => {
    const row = top + place;
    return (row < first ? rows.get(row) : screen.lines[row - first]) ?? [];
  });
}

function placeOf({ run, columns }: ShownScreen): string {
  return `${run} ${columns}`;
}

function missingIn({ top, rows, height }: LookBack, end: number): RowsAsked | undefined {
  const wanted = Array.from({ length: Math.max(0, Math.min(height, end - top)) }, (_, place) => top + place);
  const [from] = wanted.filter((row) => !rows.has(row));
  const last = wanted.filter((row) => !rows.has(row)).at(-1);
  if (from === undefined || last === undefined) return undefined;
  // What is above them is likely to be wanted next.
  const first = Math.max(0, Math.min(from, last - mostOlderRows + 1));
  return { from: first, count: last - first + 1 };
}
