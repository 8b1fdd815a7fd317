// Where an agent CLI's program is on Windows: there npm puts a script `claude.cmd` on PATH, which starts without a shell
// as little as any script, and a shell would read the arguments its own way. Pure; starts nothing.
import { win32 } from "node:path";

export interface ProgramPlace {
  /** As found on PATH, such as `claude`. */
  readonly program: string;
  /** Where its npm package has it, below `node_modules`: `@anthropic-ai/claude-code/bin/claude.exe`. */
  readonly packageProgram?: string | undefined;
}

export interface ProgramSearch {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly exists: (path: string) => boolean;
}

/**
 * What to start, never through a shell: on Windows the first program on PATH by that name, or the one that npm's script
 * of that name starts. The name itself elsewhere, and where there is none: starting it then says so.
 */
export function findProgram({ program, packageProgram }: ProgramPlace, search: ProgramSearch): string {
  if (search.platform !== "win32" || /[\\/]/.test(program)) return program;
  for (const dir of foldersOf(search.env)) {
    const executable = win32.join(dir, `${program}.exe`);
    if (search.exists(executable)) return executable;
    if (packageProgram === undefined || !search.exists(win32.join(dir, `${program}.cmd`))) continue;
    // Installed for all, node_modules lies beside the script; in a project, the script lies in node_modules\.bin.
    const candidates = [
      win32.join(dir, "node_modules", packageProgram),
      win32.join(dir, "..", packageProgram),
    ];
    const started = candidates.find(search.exists);
    if (started !== undefined) return started;
  }
  return program;
}

/** Those named in full alone: what lies in the current folder, an agent's project, is not to be started. */
function foldersOf(env: ProgramSearch["env"]): string[] {
  const name = Object.keys(env).find((key) => key.toLowerCase() === "path"); // Windows writes it `Path`
  return (env[name ?? "PATH"] ?? "")
    .split(win32.delimiter)
    .map((dir) => dir.replaceAll('"', ""))
    .filter((dir) => /^([a-z]:)?[\\/]/i.test(dir));
}
