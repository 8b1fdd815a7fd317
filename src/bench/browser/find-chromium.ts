// Finds the Chromium of this machine, for the bench and for the tests.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** CHROMIUM_PATH, else the first of the usual names on PATH. Throws with what to do when there is none. */
export function findChromium(env: Readonly<NodeJS.ProcessEnv>): string {
  const { CHROMIUM_PATH: chosen, PATH = "" } = env;
  if (chosen) {
    if (isExecutable(chosen)) return chosen;
    throw new Error(`CHROMIUM_PATH=${chosen} is not an executable`);
  }
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const candidates = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error("no Chromium on PATH: install it (Debian: apt-get install chromium), or set CHROMIUM_PATH");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // missing, or not executable: the same to us
  }
}
