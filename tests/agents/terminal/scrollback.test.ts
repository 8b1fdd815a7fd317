// The numbers of a terminal's rows, over everything that moves them.
import { describe, expect, test } from "bun:test";
import { keptRows } from "../../../src/agents/terminal/scrollback.ts";
import { createTerminalScreen } from "../../../src/agents/terminal/terminal-screen.ts";
import { textOfScreen } from "../../../src/domain/screen/picture.ts";

function terminal(columns = 20, rows = 4) {
  const screen = createTerminalScreen(columns, rows);
  return {
    resize: screen.resize,
    write: (text: string) => screen.write(new TextEncoder().encode(text)),
    writeRows(from: number, to: number) {
      this.write(Array.from({ length: to - from }, (_, place) => `row ${from + place}\r\n`).join(""));
    },
    above: async () => (await screen.readPicture(false)).above,
    async older(from: number, count: number) {
      const { lines, ...rest } = await screen.readOlder(from, count);
      return { ...rest, text: textOfScreen({ lines }).split("\n") };
    },
  };
}

describe("createRowCounter()", () => {
  test("a row keeps its number while more rows leave the screen, also when the oldest are dropped", async () => {
    const shown = terminal();
    shown.writeRows(0, 3);
    expect(await shown.above()).toBeUndefined();
    shown.writeRows(3, 13);
    // The cursor stands in a row of its own.
    expect(await shown.above()).toEqual({ from: 0, to: 10 });
    expect(await shown.older(7, 2)).toEqual({
      above: { from: 0, to: 10 },
      from: 7,
      text: ["row 7", "row 8"],
    });
    for (let next = 13; next < 2_500; next += 500) {
      shown.writeRows(next, Math.min(next + 500, 2_500));
      await shown.above();
    }
    const above = { from: 2_497 - keptRows, to: 2_497 };
    expect(await shown.above()).toEqual(above);
    expect(await shown.older(2_000, 1)).toEqual({ above, from: 2_000, text: ["row 2000"] });
    expect(await shown.older(0, 1_600)).toMatchObject({
      from: above.from,
      text: { length: 103, 0: `row ${above.from}` },
    });
    expect(await shown.older(5_000, 10)).toEqual({ above, from: above.to, text: [""] });
  });

  test("no number is given twice, when more rows leave between two looks than are kept, or the program drops them", async () => {
    const shown = terminal();
    shown.writeRows(0, 100);
    const before = (await shown.above()) ?? { from: 0, to: 0 };
    shown.writeRows(100, 3_000);
    const after = (await shown.above()) ?? { from: 0, to: 0 };
    expect(after.from).toBeGreaterThanOrEqual(before.to);
    shown.write("\u001b[3J");
    expect(await shown.above()).toBeUndefined();
    shown.writeRows(3_000, 3_010);
    expect((await shown.above())?.from).toBeGreaterThanOrEqual(after.to);
  });

  test("on the alternate screen nothing stands above; the rows are there again afterwards", async () => {
    const shown = terminal();
    shown.writeRows(0, 10);
    shown.write("\u001b[?1049h\u001b[2Jmenu\r\n1\r\n2\r\n3\r\n4");
    expect(await shown.above()).toBeUndefined();
    expect((await shown.older(0, 5)).text).toEqual([""]);
    shown.write("\u001b[?1049l");
    expect(await shown.above()).toEqual({ from: 0, to: 7 });
    expect((await shown.older(5, 2)).text).toEqual(["row 5", "row 6"]);
  });

  test("a change of the size moves rows out of the screen and back, with their numbers", async () => {
    const shown = terminal();
    shown.writeRows(0, 10);
    shown.resize(20, 2);
    expect(await shown.above()).toEqual({ from: 0, to: 9 });
    expect((await shown.older(7, 2)).text).toEqual(["row 7", "row 8"]);
    shown.resize(20, 6);
    expect((await shown.above())?.to).toBe(5);
    expect((await shown.older(4, 1)).text).toEqual(["row 4"]);
  });
});
