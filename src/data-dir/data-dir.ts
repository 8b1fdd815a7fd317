// This room knows what stands on the disk: paths, private files, locks, `serve.json`, the HTTP token.
//
// The paths of the data directory: `--data-dir`, else CLIAI_HOME, else the platform's user data directory (contract §1).
import { join, posix, resolve, win32 } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import type { Environment } from "../runtime.ts";

export interface DataDirSources {
  readonly flag: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
}

/** An absolute path; nothing is made. @throws CliaiError `config_invalid` when the user's home is not known */
export function dataDirOf({ flag, env, cwd, platform }: DataDirSources): string {
  const named = flag ?? (env.CLIAI_HOME || undefined);
  return named === undefined ? userDataDir(env, platform) : resolve(cwd, named);
}

/** Where the server's own keys are; the folder is for its user alone. */
export function keysDirOf(dataDir: string): string {
  return join(dataDir, "keys");
}

/** Where the nats-server of `serve` keeps everything. */
export function natsDirOf(dataDir: string): string {
  return join(dataDir, "nats");
}

function userDataDir(env: Environment, platform: NodeJS.Platform): string {
  if (platform === "win32") {
    return win32.join(requireVariable(env, "LOCALAPPDATA"), "cliai");
  }
  if (platform === "darwin")
    return posix.join(requireVariable(env, "HOME"), "Library", "Application Support", "cliai");
  // The XDG specification: a relative path is to be ignored.
  if (env.XDG_DATA_HOME?.startsWith("/")) return posix.join(env.XDG_DATA_HOME, "cliai");
  return posix.join(requireVariable(env, "HOME"), ".local", "share", "cliai");
}

function requireVariable(env: Environment, name: string): string {
  const value = env[name];
  if (value) return value;
  throw new CliaiError("config_invalid", `${name} is not set, so there is no place for cliai's data`, {
    hint: "name one: --data-dir DIR, or CLIAI_HOME",
  });
}
