// .ci/setup-lock.mjs: one command of a clone installs and builds at a time.
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startChild } from "../support/child.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const module = pathToFileURL(join(import.meta.dirname, "..", "..", ".ci", "setup-lock.mjs")).href;

/** A process that takes the lock, says `has it`, and gives it back when its input ends. */
async function startHolder(dir: TempDir, withinMs = 20_000) {
  const script = `import { LockError, takeSetupLock } from ${JSON.stringify(module)};
    try {
      const release = await takeSetupLock(${JSON.stringify(dir.path)}, (line) => console.log(line), ${withinMs});
      console.log("has it");
      for await (const _ of process.stdin);
      release();
    } catch (error) {
      if (!(error instanceof LockError)) throw error;
      console.log(error.message);
    }`;
  return await startChild(process.execPath, ["-e", script], { cwd: dir.path, stdin: "pipe" });
}

test("takeSetupLock() > a second command waits until the first is done, says so, and leaves nothing behind", async () => {
  await using dir = await tempDir();
  await using first = await startHolder(dir);
  await first.line("has it");
  await using second = await startHolder(dir);
  await second.line(`another command (process ${first.pid}) installs or builds here: waiting for it`);
  first.endInput();
  await second.line("has it");
  second.endInput();
  expect(await second.exit()).toMatchObject({ code: 0 });
  expect(await readdir(dir.join(".cache"))).toEqual([]);
});

test("takeSetupLock() > takes the lock from a process that was killed", async () => {
  await using dir = await tempDir();
  await using first = await startHolder(dir);
  await first.line("has it");
  first.kill("SIGKILL");
  await first.exit();
  const others = await Promise.all([startHolder(dir), startHolder(dir)]);
  await using parts = new AsyncDisposableStack();
  for (const each of others) parts.use(each);
  for (const each of others) each.endInput();
  const said = await Promise.all(others.map(async (each) => (await each.exit()).stdout));
  expect(said.every((words) => words.endsWith("has it\n"))).toBe(true);
});

test("takeSetupLock() > gives up at its deadline, with the process that has the lock", async () => {
  await using dir = await tempDir();
  await using first = await startHolder(dir);
  await first.line("has it");
  await using second = await startHolder(dir, 300);
  const { stdout } = await second.exit();
  expect(stdout).toEndWith(
    `another command (process ${first.pid}) has been installing or building here for too long\nhint: end it, then run again\n`,
  );
});
