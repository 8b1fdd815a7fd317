// Asks the agent CLI on PATH for its release.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Environment } from "../../runtime.ts";

const run = promisify(execFile);
const withinMs = 3_000;

/** Undefined when it does not say in time: it is then taken for a present one. Whether it is there at all, launching tells. */
export async function readCliVersion(program: string, env: Environment): Promise<string | undefined> {
  // Only what a program needs to start, without the user's keys.
  const { PATH, HOME, USERPROFILE, SystemRoot, TEMP, TMPDIR } = env;
  try {
    const options = {
      timeout: withinMs,
      windowsHide: true,
      env: { PATH, HOME, USERPROFILE, SystemRoot, TEMP, TMPDIR },
    };
    const { stdout } = await run(program, ["--version"], options);
    return /\d+\.\d+\.\d+/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}
