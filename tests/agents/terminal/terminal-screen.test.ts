// The screen that a program's output makes, by which cliai decides whether it may type.
import { describe, expect, test } from "bun:test";
import { createTerminalScreen } from "../../../src/agents/terminal/terminal-screen.ts";

async function screenOf(output: string, size = [20, 4] as const) {
  const screen = createTerminalScreen(...size);
  screen.write(new TextEncoder().encode(output));
  return await screen.read();
}

describe("createTerminalScreen()", () => {
  test("shows rows without trailing blanks, and where the cursor stands", async () => {
    const { rows, cursor } = await screenOf("one   \r\n  two");
    expect(rows.map(({ text }) => text)).toEqual(["one", "  two", "", ""]);
    expect(cursor).toEqual({ row: 1, column: 5 });
  });

  test("goes on after a change that the terminal refuses", async () => {
    const screen = createTerminalScreen(20, 4);
    screen.write(new TextEncoder().encode("one"));
    screen.resize(Number.NaN, 4);
    screen.write(new TextEncoder().encode(" two"));
    expect((await screen.read()).rows[0]?.text).toBe("one two");
  });

  test("a flood of more than is kept is left out, and what comes after it is shown", async () => {
    const screen = createTerminalScreen(20, 4);
    const flood = new Uint8Array(8 * 1024 * 1024).fill(65);
    for (let i = 0; i < 8; i += 1) screen.write(flood);
    expect((await screen.read()).rows[0]?.text).toBe("A".repeat(20));
    screen.write(new TextEncoder().encode("\u001b[2J\u001b[Hafter"));
    expect((await screen.read()).rows.map(({ text }) => text)).toEqual(["after", "", "", ""]);
  });

  test("has blanks for dim characters, such as a placeholder, where only the bright text counts", async () => {
    const [row] = (await screenOf("> \u001b[2mTry a task\u001b[22m now")).rows;
    expect(row).toEqual({ text: "> Try a task now", brightText: `> ${" ".repeat(10)} now` });
    const [faint] = (await screenOf("\u001b[2mTry a task")).rows;
    expect(faint?.brightText).toBe("");
  });

  test("shows what is there now: not what was overwritten, cleared, or has left the screen at its top", async () => {
    expect((await screenOf("old\rnew")).rows[0]?.text).toBe("new");
    expect((await screenOf("old\u001b[2J\u001b[Hnew")).rows.map(({ text }) => text)).toEqual([
      "new",
      "",
      "",
      "",
    ]);
    expect((await screenOf("1\r\n2\r\n3\r\n4\r\n5")).rows.map(({ text }) => text)).toEqual([
      "2",
      "3",
      "4",
      "5",
    ]);
  });

  test("takes what comes in pieces, before it has loaded, and through a change of its size, in that order", async () => {
    const screen = createTerminalScreen(4, 2);
    const bytes = new TextEncoder().encode("abcdefg ü");
    for (const byte of bytes.slice(0, 4)) screen.write(Uint8Array.of(byte));
    screen.resize(20, 2);
    for (const byte of bytes.slice(4)) screen.write(Uint8Array.of(byte));
    expect((await screen.read()).rows.map(({ text }) => text)).toEqual(["abcdefg ü", ""]);
  });
});

describe("readPicture()", () => {
  const pictureOf = async (output: string, hasCursor = false) => {
    const screen = createTerminalScreen(20, 3);
    screen.write(new TextEncoder().encode(output));
    return await screen.readPicture(hasCursor);
  };

  test("has runs of one style, with the colours of xterm, and no blanks at the end of a line", async () => {
    const { lines, columns, rows } = await pictureOf(
      "plain \u001b[1;31mred\u001b[0;48;5;240m on grey \u001b[0m  \r\n\u001b[38;2;0;135;255;3;4;7;9mall\u001b[0m",
    );
    expect({ columns, rows }).toEqual({ columns: 20, rows: 3 });
    expect(lines).toEqual([
      [{ text: "plain " }, { text: "red", fg: 1, is: ["bold"] }, { text: " on grey ", bg: 240 }],
      [{ text: "all", fg: 33, is: ["italic", "underline", "inverse", "strike"] }],
      [],
    ]);
  });

  test("has each wide character once, and a joined one whole", async () => {
    expect((await pictureOf("日本 e\u0301 👩\u200d💻")).lines[0]).toEqual([
      { text: "日本 e\u0301 👩\u200d💻" },
    ]);
  });

  test.each([
    ["a text for the clipboard", "\u001b]52;c;aGFybWxlc3M=\u0007"],
    ["a title", "\u001b]0;a title\u0007"],
    ["a link", "\u001b]8;;http://127.0.0.1/\u0007here\u001b]8;;\u0007"],
    ["a query", "\u001b[6n\u001b[c\u001b]11;?\u0007"],
    ["a device control string", "\u001bPq#0~\u001b\\"],
    ["C1 controls", "\u009b2J\u009d0;t\u009c"],
    ["a mark that turns text around", "a\u202eb"],
  ])("has only characters: %s has nothing of its own in it", async (_, output) => {
    const text = JSON.stringify((await pictureOf(`${output}end`)).lines);
    expect(text).toContain("end");
    expect(text).not.toMatch(
      /\\u00[019]|\p{Cc}|[\u202a-\u202e\u2066-\u2069]|aGFybWxlc3M|a title|127\.0\.0\.1/u,
    );
  });

  test("leaves out what is concealed", async () => {
    expect((await pictureOf("a\u001b[8mhidden\u001b[0mb")).lines).toEqual([[{ text: "a      b" }], [], []]);
  });

  test("marks the character under the cursor, if it is shown; behind the last column, that is the last one", async () => {
    const { lines, cursor } = await pictureOf("ab\u001b[1;2H", true);
    expect(cursor).toEqual({ row: 0, column: 1 });
    expect(lines[0]).toEqual([{ text: "a" }, { text: "b", is: ["cursor"] }]);
    expect((await pictureOf("x", true)).lines[0]).toEqual([{ text: "x" }, { text: " ", is: ["cursor"] }]);
    expect((await pictureOf("x".repeat(20), true)).lines[0]?.at(-1)).toEqual({ text: "x", is: ["cursor"] });
    expect((await pictureOf("x")).cursor).toBeUndefined();
  });
});
