// A lock that ends with its holder, however that ends: between real processes of every runtime that the program runs under.
import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isKernelLocked, takeKernelLock } from "../../src/data-dir/kernel-lock.ts";
import { startChild } from "../support/child.ts";
import { denoPath } from "../support/deno.ts";
import { tempDir } from "../support/temp-dir.ts";

const program = join(import.meta.dirname, "kernel-lock-program.ts");
const byBun: readonly string[] = [process.execPath, program];
const byDeno: readonly string[] = [denoPath(), "run", "-A", program];

describe("takeKernelLock()", () => {
  test("holds between Bun, its executables and Deno, and is gone with a holder that is killed", async () => {
    await using dir = await tempDir();
    const compiled = dir.join("program");
    execFileSync(process.execPath, ["build", "--compile", program, "--outfile", compiled], {
      stdio: "ignore",
    });
    const ways = [byBun, [compiled], byDeno];
    const path = dir.join("held");
    const start = async ([command = "", ...args]: readonly string[]) =>
      await startChild(command, [...args, path]);
    for (const [index, way] of ways.entries()) {
      await using holder = await start(way);
      await holder.line("held");
      expect(isKernelLocked(path)).toBe(true);
      expect(await takeKernelLock(path)).toBeUndefined();
      await using second = await start(ways[(index + 1) % ways.length] ?? []);
      await second.line("refused");
      holder.kill("SIGKILL");
      await holder.exit();
      expect(isKernelLocked(path)).toBe(false);
      const lock = await takeKernelLock(path);
      expect(lock).toBeDefined();
      lock?.release();
    }
    expect((await readdir(dir.path)).sort()).toEqual(["held", "program"]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("is kept while nobody in the process has it in hand any more, and a stopped holder keeps it", async () => {
    await using dir = await tempDir();
    const path = dir.join("held");
    await takeKernelLock(path);
    Bun.gc(true);
    expect(isKernelLocked(path)).toBe(true);
    await using holder = await startChild(byBun[0] ?? "", [program, dir.join("other")]);
    await holder.line("held");
    holder.kill("SIGSTOP");
    expect(await takeKernelLock(dir.join("other"))).toBeUndefined();
    holder.kill("SIGKILL");
  });

  test("names a path that it cannot be taken at", async () => {
    await using dir = await tempDir();
    const path = dir.join("nowhere", "held");
    expect(isKernelLocked(path)).toBe(false);
    expect(await takeKernelLock(path).catch((error: unknown) => error)).toMatchObject({
      code: "data_dir_unwritable",
      message: expect.stringContaining(path),
    });
  });
});
