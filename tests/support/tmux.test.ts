import { expect, test } from "bun:test";
import { tempDir } from "./temp-dir.ts";
import { startTmux } from "./tmux.ts";

const env = { PATH: process.env.PATH ?? "", TERM: "xterm-256color", GREETING: "a 'quoted' $value;" };
const start = (dir: string, ...commandLine: string[]) => startTmux({ dir, cwd: dir, env, commandLine });

test("a program gets its environment, what is typed, and the size of its terminal; its exit code comes back", async () => {
  await using dir = await tempDir();
  const script = `echo "$GREETING $TMUX."; read -r line; echo "got <$line>"; stty size; exit 7`;
  await using terminal = await start(dir.path, "sh", "-c", script);
  await terminal.waitFor("a 'quoted' $value; .");
  await terminal.enter("-x; $HOME;");
  await terminal.waitFor("got <-x; $HOME;>");
  await terminal.waitFor("50 160");
  expect(await terminal.exit()).toBe(7);
});

test("leaving the scope ends a program that ignores the hang-up, and the private tmux server", async () => {
  await using dir = await tempDir();
  let pid = 0;
  {
    await using terminal = await start(
      dir.path,
      "sh",
      "-c",
      `trap "" HUP; echo "pid $$."; while :; do read -r x; done`,
    );
    pid = Number(/pid (\d+)\./.exec(await terminal.waitFor(/pid \d+\./))?.[1]);
    expect(process.kill(pid, 0)).toBe(true);
  }
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});
