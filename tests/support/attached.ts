// `cliai attach` on a terminal of its own (tmux), in a shell that shows how the command has ended.
import { readFile } from "node:fs/promises";
import { cliaiCommand, type RunningServe } from "./cliai.ts";
import { tempDir } from "./temp-dir.ts";
import { startTmux, type TmuxSession } from "./tmux.ts";

/** It shows how the command has ended, on the screen that the command gives back. */
const shell = `"$@"; echo "ended with $?"; exec sleep 600`;

export interface Attached extends TmuxSession {
  lastRow(): Promise<string>;
  /** What the command has written to the terminal, as it is. */
  written(): Promise<string>;
}

/** @param user whose keys they are */
export async function attachTo(
  serve: RunningServe,
  user: string,
  command: readonly string[] = ["attach", "ada"],
  size = { columns: 120, rows: 30 },
): Promise<Attached> {
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

/** The sequences in what was written that say anything but where and how characters are drawn: titles, links, texts for the clipboard, keyboards. */
export function foreignSequences(written: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  return written.match(/\u001b\][^\u0007]*|\u001b\[[<>=][^a-zA-Z]*[a-zA-Z]|\u001bP/g) ?? [];
}
