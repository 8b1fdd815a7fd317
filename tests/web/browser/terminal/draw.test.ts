// What the script of the typing page writes to its terminal, read back from a terminal.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Terminal } from "@xterm/headless";

interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly cursor?: { readonly row: number; readonly column: number };
  readonly has_window: boolean;
  readonly whole: boolean;
  readonly lines: readonly object[];
}
const script = join(import.meta.dirname, "../../../../src/web/browser/terminal/draw.js");
const { drawScreen, opening } = (await import(script)) as {
  readonly drawScreen: (screen: Screen) => string;
  readonly opening: string;
};

async function terminalWith(...texts: readonly string[]) {
  const terminal = new Terminal({ cols: 12, rows: 3, scrollback: 0, allowProposedApi: true });
  for (const text of [opening, ...texts]) await new Promise<void>((resolve) => terminal.write(text, resolve));
  const { active } = terminal.buffer;
  const rows = [0, 1, 2].map((row) => active.getLine(row)?.translateToString(true).trimEnd());
  return { terminal, rows, cell: (row: number, column: number) => active.getLine(row)?.getCell(column) };
}

const size = { columns: 12, rows: 3, has_window: false };

test("drawScreen() draws the rows, their colours and the cursor, and later only the rows that have changed", async () => {
  const first = drawScreen({
    ...{ ...size, whole: true, cursor: { row: 1, column: 2 } },
    lines: [
      {
        row: 0,
        runs: [
          { text: "red", fg: 1, is: ["bold"] },
          { text: "green", bg: 22 },
        ],
      },
      { row: 1, runs: [{ text: "> " }, { text: " ", is: ["cursor"] }] },
      // As wide as the screen, and one more: it must not go on in the next row.
      { row: 2, runs: [{ text: "0123456789abX" }] },
    ],
  });
  const { terminal, rows, cell } = await terminalWith(first);
  expect(rows).toEqual(["redgreen", ">", "0123456789aX"]);
  expect([cell(0, 0)?.getFgColor(), cell(0, 0)?.isBold() !== 0, cell(0, 3)?.getBgColor()]).toEqual([
    1,
    true,
    22,
  ]);
  // The cursor is the terminal's own, and not a mark.
  expect([cell(1, 2)?.isInverse(), terminal.buffer.active.cursorY, terminal.buffer.active.cursorX]).toEqual([
    0, 1, 2,
  ]);
  const next = drawScreen({ ...size, whole: false, lines: [{ row: 1, runs: [{ text: "new" }] }] });
  expect((await terminalWith(first, next)).rows).toEqual(["redgreen", "new", "0123456789aX"]);
  const blank = drawScreen({ ...size, whole: true, lines: [] });
  expect((await terminalWith(first, blank)).rows).toEqual(["", "", ""]);
});

test("drawScreen() writes nothing that a terminal obeys, whatever a row says", async () => {
  const text = "a\u001b]0;title\u0007\u001b[2J\u009b5n\r\nb";
  const { terminal, rows } = await terminalWith(
    drawScreen({ ...size, whole: true, lines: [{ row: 0, runs: [{ text }] }] }),
  );
  let hasAnswered = false;
  terminal.onData(() => {
    hasAnswered = true;
  });
  expect(rows[0]?.startsWith("a\ufffd]0;title")).toBe(true);
  expect([rows[1], hasAnswered]).toEqual(["", false]);
});
