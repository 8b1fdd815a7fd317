// The executables in dist/, which the gate builds before its tests. Builds nothing itself.
import { existsSync } from "node:fs";
import { join } from "node:path";

export const distDir = join(import.meta.dirname, "..", "..", "dist");

/** The path of a file in dist/, by default this machine's executable; throws with the command that builds it. */
export function builtExecutable(file = process.platform === "win32" ? "cliai.exe" : "cliai"): string {
  const path = join(distDir, file);
  if (existsSync(path)) return path;
  const target = /^cliai-([a-z0-9-]+)/.exec(file)?.[1];
  throw new Error(`${path} is missing: npm run build${target === undefined ? "" : ` -- --target ${target}`}`);
}
