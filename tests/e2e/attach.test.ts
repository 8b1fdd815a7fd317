// `cliai attach` on terminals (tmux): the real Claude Code, which is watched and typed to from other terminals than its own, and goes on when
// its own one is closed.
import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { startSteered } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTmux } from "../support/tmux.ts";
import { until } from "../support/wait-for.ts";

/** A shell that shows how the command has ended, on the screen that the command gives back. */
const shell = `"$@"; echo "ended with $?"; exec sleep 600`;

async function attach(
  serve: RunningServe,
  user: string,
  command: readonly string[] = ["attach", "ada"],
  size = { columns: 120, rows: 30 },
) {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const terminal = starting.use(
    await startTmux({
      ...{ dir: dir.path, cwd: dir.path, ...size },
      commandLine: ["sh", "-c", shell, "sh", ...cliaiCommand(), ...command, "--data-dir", serve.dataDir],
      env: {
        ...{ PATH: process.env.PATH ?? "", HOME: dir.path, TERM: "xterm-256color", LANG: "C.UTF-8" },
        ...{ CLIAI_NO_START: "1", USER: user },
      },
    }),
  );
  const recorded = dir.join("written");
  await terminal.record(recorded);
  const running = starting.move();
  return {
    ...terminal,
    lastRow: async () => (await terminal.screen()).split("\n").at(-1) ?? "",
    written: () => readFile(recorded, "utf8"),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

test("an agent is seen and typed to from another terminal, one person at a time, and goes on when its own window is closed", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [
      { match: "count the files", turn: { text: "There are seven of them." } },
      { match: "and the folders", turn: { text: "Two folders only." } },
    ],
  });
  await using ada = await startSteered(serve, { id: "ada", model, outlivesTerminal: true });
  await using kim = await attach(serve, "kim", ["attach", "ada"], { columns: 170, rows: 55 });
  await kim.waitFor("you type");
  await kim.enter("count the files");
  await kim.waitFor("There are seven of them.");
  await ada.terminal.waitFor("There are seven of them.");
  await using lea = await attach(serve, "lea");
  // Its own window is open and decides the size, so only a part fits.
  await lea.waitFor(
    /^ ada · kim types there · press a key to type · rows \d+-\d+ of 160×50, the size of its own/m,
  );
  await lea.type("x");
  await lea.waitFor("kim types there: take the keyboard over? y/n");
  await lea.type("y");
  await lea.waitFor("you type");
  await kim.waitFor("lea took the keyboard");

  await ada.terminal.close();
  // Now the size is that of whoever types.
  await lea.resize(100, 28);
  await until("it has lea's size", async () => {
    const response = await serve.fetch("/api/agents/ada/screen");
    const { columns, rows, typist } = (await response.json()) as Record<string, unknown>;
    return columns === 100 && rows === 27 && typist === "lea";
  });
  await lea.enter("and the folders");
  await lea.waitFor("Two folders only.");
  await kim.waitFor("Two folders only.");
  const page = await (await serve.fetch("/agents/ada/terminal")).text();
  expect(page).toContain("Two folders only.");
  expect(page).toContain("lea types there");

  await lea.keys("C-\\");
  await lea.waitFor(/^left; ada goes on\. To come back: cliai attach ada\nended with 0$/m);
  expect(await lea.variable("alternate_on")).toBe("0");
  expect(await lea.variable("cursor_flag")).toBe("1");
  const log = (await serve.run(["log", "ada"])).stdout;
  expect(log).toContain("kim types at its terminal");
  expect(log).toContain("lea types at its terminal, and took the keyboard from kim");
  expect(log).toMatch(/kim typed \d+ characters at its terminal/);

  expect(await serve.run(["send", "stop", "ada", "--wait", "applied", "--timeout", "60"])).toMatchObject({
    code: 0,
  });
  await kim.waitFor(/^ada has ended\nended with 0$/m);
  // Claude sets a title, and asks for keys in another form: nothing of that is for the terminal of a viewer.
  const written = await kim.written();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(written.match(/\u001b\][^\u0007]*|\u001b\[[<>=][^a-zA-Z]*[a-zA-Z]|\u001bP/g) ?? []).toEqual([]);
});

test("attach says why there is no terminal to see", async () => {
  await using serve = await startServe();
  const plain = await serve.run(["attach", "ada"]);
  expect([plain.code, plain.stderr]).toEqual([
    2,
    "error: attach needs a terminal, and there is none\nhint: cliai log ada --follow\n",
  ]);
  await using kim = await attach(serve, "kim");
  await kim.waitFor(/^error: .*"ada".*\nhint: list the agents: cliai ls\nended with 2$/m);
});
