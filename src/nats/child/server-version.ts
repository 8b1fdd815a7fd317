// Finds a program on PATH, reads the version of a nats-server (`--version`), and compares versions.
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { childEnvironment } from "./child-environment.ts";

/** The oldest version that cliai works with. Debian 12 ships 2.9.10. */
export const oldestServerVersion = "2.9.0";

const run = promisify(execFile);

/**
 * Runs `<path> --version`, for 5 s at most, and returns the version without its `v`.
 * @throws Error with one line, if the program is missing, is not executable, or prints something else
 */
export async function readServerVersion(path: string): Promise<string> {
  const options = { timeout: 5000, windowsHide: true, env: childEnvironment(process.env) };
  const { stdout } = await run(path, ["--version"], options).catch((error) => {
    throw new Error(reasonOf(error), { cause: error });
  });
  const version = /^nats-server: v?(\d+\.\d+\.\d+\S*)/m.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`--version printed ${JSON.stringify(stdout.slice(0, 80))}`);
  return version;
}

/** Compares major, minor and patch. A pre-release counts as its release. */
export function isAtLeast(version: string, oldest: string): boolean {
  const wanted = numbersOf(oldest);
  const difference = numbersOf(version)
    .map((number, index) => number - (wanted[index] ?? 0))
    .find((each) => each !== 0);
  return (difference ?? 0) >= 0;
}

/** The first executable file with that name in the directories of `searchPath`; `undefined` if there is none. */
export async function findOnPath(program: string, searchPath: string): Promise<string | undefined> {
  for (const dir of searchPath.split(delimiter).filter((entry) => entry !== "")) {
    const path = join(dir, program);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

function numbersOf(version: string): number[] {
  return version.split(/[.-]/).slice(0, 3).map(Number);
}

function reasonOf(error: unknown): string {
  const { code, message, killed } = error as { code?: unknown; message?: string; killed?: boolean };
  if (killed) return "--version did not end within 5 s";
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "it is not executable";
  if (typeof code === "number") return `--version ended with exit code ${code}`;
  return message?.split("\n")[0] ?? String(error);
}
