// This room knows what stands on the disk: paths, private files, locks, `serve.json`, the HTTP token.
//
// The path of the data directory (`--data-dir`, else CLIAI_HOME, else `cliai` in the platform's user data directory), and of
// the folders in it.
import { join, posix, resolve, win32 } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import type { Environment } from "../runtime.ts";

export interface DataDirSources {
  readonly flag: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
}

/**
 * Returns an absolute path, and creates nothing.
 * @throws CliaiError `config_invalid` if the user's home is not known
 */
export function dataDirOf({ flag, env, cwd, platform }: DataDirSources): string {
  const named = flag ?? (env.CLIAI_HOME || undefined);
  return named === undefined ? userDataDir(env, platform) : resolve(cwd, named);
}

/** The folder of the server's own keys. Only its user may read it. */
export function keysDirOf(dataDir: string): string {
  return join(dataDir, "keys");
}

/** The folder in which the nats-server of `serve` keeps all its files. */
export function natsDirOf(dataDir: string): string {
  return join(dataDir, "nats");
}

/** The folder of the search's index. It can be removed: serve fills it again. */
export function searchDirOf(dataDir: string): string {
  return join(dataDir, "search");
}

function userDataDir(env: Environment, platform: NodeJS.Platform): string {
  if (platform === "win32") {
    return win32.join(requireVariable(env, "LOCALAPPDATA"), "cliai");
  }
  if (platform === "darwin")
    return posix.join(requireVariable(env, "HOME"), "Library", "Application Support", "cliai");
  // A relative path is ignored, as the XDG specification demands.
  if (env.XDG_DATA_HOME?.startsWith("/")) return posix.join(env.XDG_DATA_HOME, "cliai");
  return posix.join(requireVariable(env, "HOME"), ".local", "share", "cliai");
}

function requireVariable(env: Environment, name: string): string {
  const value = env[name];
  if (value) return value;
  throw new CliaiError("config_invalid", `${name} is not set, so there is no place for cliai's data`, {
    hint: "choose a directory: --data-dir DIR, or CLIAI_HOME",
  });
}
