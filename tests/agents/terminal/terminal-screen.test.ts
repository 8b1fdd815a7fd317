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
