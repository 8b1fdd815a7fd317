// The manager of services of this machine, for this program and its user.
import { homedir } from "node:os";
import process from "node:process";
import { type Environment, selfCommand } from "../../runtime.ts";
import { operatorOf } from "../frame/context.ts";
import { isServiceOf, readServiceFile } from "./service-file.ts";
import { type ServiceManager, serviceManagerOf } from "./service-managers.ts";
import { type ServiceProgram, serviceProgramOf } from "./service-programs.ts";

interface ManagerOptions {
  readonly dataDir: string;
  readonly program: ServiceProgram;
  /** For the command that the service runs. */
  readonly flags: readonly string[];
  readonly env: Environment;
}

/** @throws CliaiError as {@link serviceManagerOf} */
export function managerOf(name: string, { dataDir, program, flags, env }: ManagerOptions): ServiceManager {
  const self = selfCommand();
  const { command, description, log } = program;
  return serviceManagerOf(process.platform, {
    ...{ name, self: [self.command, ...self.args], command, description, dataDir, flags, log },
    ...{ home: env.HOME || homedir(), uid: process.getuid?.() ?? 0, user: operatorOf({ env }), env },
  });
}

interface InstalledService {
  readonly manager: ServiceManager;
  readonly program: ServiceProgram;
}

/** The service of the usual name, if that is installed for this data directory. */
export async function installedService({
  dataDir,
  env,
}: Pick<ManagerOptions, "dataDir" | "env">): Promise<InstalledService | undefined> {
  if (!["linux", "darwin", "win32"].includes(process.platform)) return undefined;
  const program = await serviceProgramOf(dataDir).catch(() => undefined); // a damaged file is told by whoever uses it
  if (program === undefined) return undefined;
  const manager = managerOf(program.serviceName, { dataDir, program, env, flags: [] });
  const file = await readServiceFile(manager.path).catch(() => undefined); // it is not cliai's, or cannot be read
  return file !== undefined && isServiceOf(file, manager) ? { manager, program } : undefined;
}
