// Finds an agent CLI's program on Windows. There npm puts a script `claude.cmd` on PATH. A script does not start without a shell, and
// a shell would change the arguments, so we look for the program that the script starts. Pure; starts nothing.
import { win32 } from "node:path";

export interface ProgramPlace {
  /** The name on PATH, such as `claude`. */
  readonly program: string;
  /** Where the npm package holds the program, below `node_modules`: `@anthropic-ai/claude-code/bin/claude.exe`. */
  readonly packageProgram?: string | undefined;
}

export interface ProgramSearch {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly exists: (path: string) => boolean;
}

/**
 * Returns what to start without a shell. On Windows: the first program of that name on PATH, or the program that npm's script of
 * that name starts. Elsewhere, or if none is found: the name itself, so that starting it reports the error.
 */
export function findProgram({ program, packageProgram }: ProgramPlace, search: ProgramSearch): string {
  if (search.platform !== "win32" || /[\\/]/.test(program)) return program;
  for (const dir of foldersOf(search.env)) {
    const executable = win32.join(dir, `${program}.exe`);
    if (search.exists(executable)) return executable;
    if (packageProgram === undefined || !search.exists(win32.join(dir, `${program}.cmd`))) continue;
    // A global install has node_modules beside the script; in a project the script is in node_modules\.bin.
    const candidates = [
      win32.join(dir, "node_modules", packageProgram),
      win32.join(dir, "..", packageProgram),
    ];
    const started = candidates.find(search.exists);
    if (started !== undefined) return started;
  }
  return program;
}

/** The absolute folders of PATH. Relative ones are left out: they are in the agent's project, and nothing there may be started. */
function foldersOf(env: ProgramSearch["env"]): string[] {
  const name = Object.keys(env).find((key) => key.toLowerCase() === "path"); // Windows writes it `Path`
  return (env[name ?? "PATH"] ?? "")
    .split(win32.delimiter)
    .map((dir) => dir.replaceAll('"', ""))
    .filter((dir) => /^([a-z]:)?[\\/]/i.test(dir));
}
