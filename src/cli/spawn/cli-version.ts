// Asks the agent CLI on PATH for its release.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Environment } from "../../runtime.ts";

const run = promisify(execFile);
const withinMs = 3_000;

/** The CLI's version; undefined if it does not answer in time, or is not there. Callers then assume a current release. */
export async function readCliVersion(program: string, env: Environment): Promise<string | undefined> {
  // Pass only the variables that a program needs to start, and not the user's API keys.
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
