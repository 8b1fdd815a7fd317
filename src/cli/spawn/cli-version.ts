// Runs the agent CLI with one flag, to read its version or its help.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Environment } from "../../runtime.ts";

const run = promisify(execFile);
/** The slowest CLI takes 1 s, and 6 s on a busy machine. */
const versionWithinMs = 15_000;

/** The CLI's version. Undefined if the CLI is not found, or does not answer in time; callers then assume a current release. */
export async function readCliVersion(
  program: string,
  env: Environment,
  args: readonly string[] = [],
): Promise<string | undefined> {
  const words = await readCliOutput(program, [...args, "--version"], { env, withinMs: versionWithinMs });
  return words === undefined ? undefined : /\d+\.\d+\.\d+/.exec(words)?.[0];
}

/** What the CLI prints for these arguments. Undefined if the CLI is not found, fails, or does not end in time. */
export async function readCliOutput(
  program: string,
  args: readonly string[],
  { env, withinMs }: { readonly env: Environment; readonly withinMs: number },
): Promise<string | undefined> {
  // Pass only the variables that a program needs to start, and not the user's API keys.
  const { PATH, HOME, USERPROFILE, SystemRoot, TEMP, TMPDIR } = env;
  try {
    const options = {
      timeout: withinMs,
      killSignal: "SIGKILL", // a program may ignore a signal that only asks it to end
      windowsHide: true,
      env: { PATH, HOME, USERPROFILE, SystemRoot, TEMP, TMPDIR },
    } as const;
    const running = run(program, [...args], options);
    running.child.stdin?.end(); // a program that does not know the flag may read its input
    return (await running).stdout;
  } catch {
    return undefined;
  }
}
