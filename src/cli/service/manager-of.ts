// The manager of services of this machine, for this program and its user.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import process from "node:process";
import { serveLogPath } from "../../data-dir/log-file.ts";
import { type Environment, selfCommand } from "../../runtime.ts";
import { operatorOf } from "../frame/context.ts";
import { type ServiceManager, serviceManagerOf } from "./service-managers.ts";

export const standardServiceName = "cliai";

interface ManagerOptions {
  readonly dataDir: string;
  /** For `serve`. */
  readonly flags: readonly string[];
  readonly env: Environment;
}

/** @throws CliaiError as {@link serviceManagerOf} */
export function managerOf(name: string, { dataDir, flags, env }: ManagerOptions): ServiceManager {
  const { command, args } = selfCommand();
  return serviceManagerOf(process.platform, {
    ...{ name, self: [command, ...args], dataDir, flags, log: serveLogPath(dataDir) },
    ...{ home: env.HOME || homedir(), uid: process.getuid?.() ?? 0, user: operatorOf({ env }), env },
  });
}

/** The manager of the service of the usual name, if that is installed. */
export function installedService(options: Omit<ManagerOptions, "flags">): ServiceManager | undefined {
  if (!["linux", "darwin", "win32"].includes(process.platform)) return undefined;
  const manager = managerOf(standardServiceName, { ...options, flags: [] });
  return existsSync(manager.path) ? manager : undefined;
}
