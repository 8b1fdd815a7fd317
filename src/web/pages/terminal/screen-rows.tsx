/** @jsxImportSource hono/jsx */
// The rows of a terminal's screen as markup. Styles are classes, because the page's policy allows no other.
import type { ScreenLine } from "../../../domain/screen/picture.ts";
import type { ScreenRun } from "../../../domain/screen/screen-messages.ts";

export function rowId(row: number): string {
  return `screen-row-${row}`;
}

/** One row. Its spans have the classes of `terminal.css`. */
export function ScreenRow({ row, line }: { row: number; line: ScreenLine }) {
  return (
    <div id={rowId(row)} class="screen-row">
      <Runs line={line} />
    </div>
  );
}

/** A row that has left the screen, and does not change any more. */
export function ScreenLineRow({ line }: { line: ScreenLine }) {
  return (
    <div class="screen-row">
      <Runs line={line} />
    </div>
  );
}

function Runs({ line }: { line: ScreenLine }) {
  return (
    <>
      {line.map((run) => {
        const names = classesOf(run);
        return names === "" ? run.text : <span class={names}>{run.text}</span>;
      })}
    </>
  );
}

const black = 0;
/** The black of the cube, which is black on every terminal. */
const cubeBlack = 16;

function classesOf({ fg, bg, is = [] }: ScreenRun): string {
  const isInverse = is.includes("inverse") !== is.includes("cursor");
  const [front, back] = isInverse ? [bg ?? "page", fg ?? "text"] : [fg, bg];
  // Black text alone would not be seen on the dark ground, so it is grey there; on a ground of its own it is black.
  const text = front === black && back !== undefined ? cubeBlack : front;
  const words = is.filter((word) => word !== "inverse" && word !== "cursor");
  return [text === undefined ? [] : `f-${text}`, back === undefined ? [] : `b-${back}`, words]
    .flat(2)
    .join(" ");
}
