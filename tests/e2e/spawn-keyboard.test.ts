// cliai spawn on a terminal that speaks the kitty keyboard protocol, which tmux does not: the real Claude Code asks for it.
import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { fetchAgent } from "../support/bridges.ts";
import { claudeEnvironment } from "../support/claude-code.ts";
import { cliaiCommand, startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** The words of what a program has written: it moves the cursor in the place of blanks. */
function wordsOf(written: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return written.replaceAll(/\u001b\[[0-?]*[ -/]*[@-~]|\s/g, "");
}

/** What Claude asks of a terminal, and what kitty answers. */
const answers = [
  ["\u001b[?u", "\u001b[?0u"],
  ["\u001b[c", "\u001b[?62;22c"],
  ["\u001b[>0q", "\u001bP>|kitty(0.42.0)\u001b\\"],
] as const;
/** Claude's: kitty's protocol with flags 1 and 4, and modifyOtherKeys. */
const asksFor = ["\u001b[>5u", "\u001b[>4;2m"];

interface KittyTerminal extends AsyncDisposable {
  press(keys: string): void;
  /** All that the program has written. */
  written(): string;
}

function startKitty(commandLine: readonly string[], env: Record<string, string>, cwd: string): KittyTerminal {
  let written = "";
  const utf8 = new TextDecoder();
  const program = Bun.spawn([...commandLine], {
    cwd,
    env,
    terminal: {
      cols: 120,
      rows: 40,
      data: (terminal, data) => {
        const text = utf8.decode(data, { stream: true });
        written += text;
        for (const [question, answer] of answers) if (text.includes(question)) terminal.write(answer);
      },
    },
  });
  return {
    press: (keys) => void program.terminal?.write(keys),
    written: () => written,
    async [Symbol.asyncDispose]() {
      program.kill("SIGTERM");
      const forced = setTimeout(() => program.kill("SIGKILL"), 5_000);
      await program.exited;
      clearTimeout(forced);
      program.terminal?.close();
    },
  };
}

test("Ctrl-Z in no encoding suspends Claude, and Ctrl-C in each ends the line that the user had begun", async () => {
  await using serve = await startServe();
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [
      { match: "begin your work", turn: { text: "I have begun." } },
      { match: "tidy up", turn: { text: "All is tidy." } },
      { match: "sweep", turn: { text: "All is swept." } },
    ],
  });
  const cwd = dir.join("work");
  await mkdir(cwd);
  const env = await claudeEnvironment({ home: dir.join("home"), workDirs: [cwd], modelServerUrl: model.url });
  const spawn = ["spawn", "demo", "--id", "ada", "--data-dir", serve.dataDir];
  await using kitty = startKitty([...cliaiCommand(), ...spawn], { ...env, CLIAI_ROUTES: "terminal" }, cwd);
  const ada = () => fetchAgent(serve, "ada");
  const isWritten = (what: string, check: () => boolean) =>
    waitFor(check, { what, saw: () => wordsOf(kitty.written()).slice(-1_000) });
  const shows = (text: string) =>
    isWritten(`the terminal shows "${text}"`, () => wordsOf(kitty.written()).includes(wordsOf(text)));
  for (const protocol of asksFor)
    await isWritten(`Claude asks for ${JSON.stringify(protocol)}`, () => kitty.written().includes(protocol));
  await waitFor(async () => (await ada()).axes.link.value === "online", { what: "ada is online", saw: ada });

  for (const ctrlZ of [
    "\u001a",
    "\u001b[122;5u",
    "\u001b[122;69u",
    "\u001b[1103::122;5u",
    "\u001b[27;5;122~",
  ]) {
    kitty.press(ctrlZ);
  }
  kitty.press("please begin your work");
  await shows("begin your work");
  kitty.press("\r");
  await shows("I have begun.");
  expect(wordsOf(kitty.written())).not.toContain(wordsOf("is suspended"));

  const isIdle = async () => (await ada()).status === "idle";
  for (const [ctrlC, task, end] of [
    ["\u001b[99;5u", "tidy up", "All is tidy."],
    ["\u001b[27;5;99~", "sweep", "All is swept."],
  ] as const) {
    await waitFor(isIdle, { what: "its turn is over", saw: ada });
    const begun = `a line for ${task.length} letters`;
    kitty.press(begun);
    await shows(begun);
    kitty.press(ctrlC);
    const sent = await serve.run(["send", "task", "ada", task, "--wait", "seen", "--timeout", "80"], {});
    expect(sent).toMatchObject({ code: 0 });
    await shows(end);
  }
});
