// Compiles the bare programs with which ours is compared, into the build's cache. This needs a source checkout.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { Workshop } from "./scenario.ts";

const run = promisify(execFile);
const withinMs = 120_000;

/**
 * @param projectDir the source checkout
 * @param executable the file name of the measured executable in dist/
 */
export async function openWorkshop(projectDir: string, executable: string): Promise<Workshop> {
  const cacheDir = join(projectDir, ".cache", "bench");
  return {
    natsServerBytes: await readNatsServerBytes(projectDir, executable),
    async compile(name) {
      const entry = join(import.meta.dirname, "bare", `${name}.ts`);
      const lock = await readFile(join(projectDir, "package-lock.json"));
      const hash = createHash("sha256")
        .update(await readFile(entry))
        .update(lock)
        .update(process.version);
      const path = join(cacheDir, `${name}-${hash.digest("hex").slice(0, 12)}`);
      if (existsSync(path)) return path;
      await mkdir(cacheDir, { recursive: true });
      const fresh = `${path}.${process.pid}`;
      // The same settings as for our own executable in .ci/build/compile.ts.
      const settings = ["--compile", "--minify", "--bytecode", "--format=esm", "--sourcemap=inline"];
      const noAutoload = ["dotenv", "bunfig"].map((what) => `--no-compile-autoload-${what}`);
      const args = ["build", ...settings, ...noAutoload, "--outfile", fresh, entry];
      try {
        await run(process.execPath, args, { cwd: projectDir, timeout: withinMs });
        await rename(fresh, path);
      } finally {
        await rm(fresh, { force: true });
        await rm(`${fresh}.map`, { force: true });
      }
      return path;
    },
  };
}

async function readNatsServerBytes(projectDir: string, executable: string): Promise<number | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(projectDir, "dist", "manifest.json"), "utf8")) as Record<
      string,
      { natsServer: { packedBytes: number } }
    >;
    return manifest[executable]?.natsServer.packedBytes;
  } catch {
    return undefined; // nothing was built in this checkout
  }
}
