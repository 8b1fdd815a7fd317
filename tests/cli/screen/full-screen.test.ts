import { expect, test } from "bun:test";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { openFullScreen } from "../../../src/cli/screen/full-screen.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { startTmux } from "../../support/tmux.ts";
import { until } from "../../support/wait-for.ts";

class FakeTerminal extends PassThrough {
  columns = 20;
  rows = 3;
  taken(): string {
    let text = "";
    for (let part = this.read(); part !== null; part = this.read()) text += part;
    return text;
  }
}

function open() {
  const stdout = new FakeTerminal();
  const redraws: string[] = [];
  const screen = openFullScreen({
    ...{ stdin: new PassThrough(), stdout, onEnd: () => undefined },
    onRedraw: () => void redraws.push("redraw"),
  });
  return { stdout, screen, redraws, [Symbol.dispose]: () => screen.close() };
}

test("openFullScreen() takes the alternate screen, and gives it back once", () => {
  using top = open();
  expect(top.stdout.taken()).toStartWith("\u001b[?1049h\u001b[?25l");
  top.screen.close();
  expect(top.stdout.taken()).toEndWith("\u001b[?25h\u001b[?1049l");
  top.screen.close();
  top.screen.draw(["late"]);
  expect(top.stdout.taken()).toBe("");
});

test("openFullScreen() writes only the rows that have changed, at once", () => {
  using top = open();
  top.screen.draw(["one", "two"]);
  top.stdout.taken();
  top.screen.draw(["one", "2"]);
  expect(top.stdout.taken()).toBe("\u001b[?2026h\u001b[2;1H\u001b[2K2\u001b[?2026l");
  top.screen.draw(["one", "2"]);
  expect(top.stdout.taken()).toBe("");
  top.screen.forget();
  top.screen.draw(["one", "2"]);
  expect(top.stdout.taken()).toContain("one");
});

test("openFullScreen() asks for all rows at another size", () => {
  using top = open();
  top.screen.draw(["one"]);
  top.stdout.rows = 5;
  top.stdout.emit("resize");
  expect(top.redraws).toEqual(["redraw"]);
  expect(top.screen.size()).toEqual({ columns: 20, rows: 5 });
});

test("openFullScreen() lets nothing through but colours", () => {
  using top = open();
  top.stdout.taken();
  top.screen.draw(["", "", ""]);
  top.stdout.taken();
  top.screen.draw(["\u001b[31mred\u001b[39m \u001b]0;title\u0007 \u009b2J"]);
  expect(top.stdout.taken()).toBe(
    "\u001b[?2026h\u001b[1;1H\u001b[2K\u001b[31mred\u001b[39m \ufffd]0;title\ufffd \ufffd2J\u001b[?2026l",
  );
});

test("a screen that is opened after another was closed is given the keys, and the closed ones leave nothing that adds up", async () => {
  const stdin = new PassThrough();
  const stdout = new FakeTerminal();
  const typed: string[] = [];
  const openNext = (name: string) =>
    openFullScreen({
      ...{ stdin, stdout, onRedraw: () => undefined, onEnd: () => void typed.push(`${name} ends`) },
      onInput: (data) => void typed.push(`${name}: ${new TextDecoder().decode(data)}`),
    });
  for (const name of ["one", "two", "three"]) {
    const screen = openNext(name);
    stdin.write("k");
    await until(`${name} has the key`, () => typed.at(-1) === `${name}: k`);
    screen.close();
  }
  expect(stdin.listenerCount("error")).toBe(1);
  stdin.destroy(new Error("the terminal has closed"));
  await until("the end", () => stdin.closed);
  expect(typed).toEqual(["one: k", "two: k", "three: k"]);
});

test("openFullScreen() restores the terminal also when the process crashes", async () => {
  await using dir = await tempDir();
  const program = join(import.meta.dirname, "crashing-program.ts");
  const shell = `"$@"; echo "ended with $?"; stty -a; echo over; exec sleep 600`;
  await using terminal = await startTmux({
    ...{ dir: dir.path, cwd: dir.path, commandLine: ["sh", "-c", shell, "sh", process.execPath, program] },
    env: { PATH: process.env.PATH ?? "", HOME: dir.path, TERM: "xterm-256color" },
  });
  await terminal.waitFor(/^the screen/);
  await terminal.keys("x");
  const screen = await terminal.waitFor(/ended with \d+[\s\S]*^over$/m);
  expect(screen).toContain("it crashes");
  expect(screen).toContain("ended with 1");
  expect(screen).toMatch(/(?<!-)\bicanon\b/);
  expect(await terminal.variable("alternate_on")).toBe("0");
  expect(await terminal.variable("cursor_flag")).toBe("1");
});
