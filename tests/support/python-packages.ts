// Python packages for tests, installed by pip on first use, into the clone's `.cache`.
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Child, startChild } from "./child.ts";

const root = join(import.meta.dirname, "..", "..");
const installWithinMs = 300_000;

export const python = process.platform === "win32" ? "python" : "python3";

/**
 * Returns the folder with the packages, for PYTHONPATH. It is made whole or not at all, and its name says what was installed.
 * @param requirements the path of a file with all packages, each with its version
 * @param name the folder in `.cache`
 */
export async function installPythonPackages(requirements: string, name: string): Promise<string> {
  const cacheDir = join(root, ".cache", name);
  const pinned = new Bun.CryptoHasher("sha256").update(await readFile(requirements)).digest("hex");
  const site = join(cacheDir, pinned.slice(0, 16));
  if (existsSync(site)) return site;
  await mkdir(cacheDir, { recursive: true });
  const fresh = `${site}.${crypto.randomUUID()}`;
  const args = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", fresh, "-r", requirements];
  await using pip: Child = await startChild(python, args, { stdin: "ignore" });
  const { code, stderr } = await pip.exit(installWithinMs);
  if (code !== 0) throw new Error(`pip cannot install ${requirements}: ${stderr}`);
  // Another test may have been faster.
  await rename(fresh, site).catch(() => rm(fresh, { recursive: true }));
  return site;
}
