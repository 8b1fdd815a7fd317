// Says of the service that `cliai service install` makes whether it outlives a logout.
import process from "node:process";
import { type Check, well } from "../../domain/system/check.ts";
import type { CliContext } from "../frame/context.ts";
import { lingerNote } from "../service/linger.ts";
import { installedService } from "../service/manager-of.ts";

/** No check if no service of the usual name is installed: a server needs none. That it ends with a logout may be meant, so it is no problem. */
export async function checkService(dataDir: string, { env }: Pick<CliContext, "env">): Promise<Check[]> {
  const service = await installedService({ dataDir, env });
  if (service === undefined) return [];
  const { program, manager } = service;
  const note = lingerNote(process.platform, env);
  const words = `${program.title} is a ${manager.title} (${manager.path})`;
  return [well("service", note === undefined ? words : `${words}; ${note}`)];
}
