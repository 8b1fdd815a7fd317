// Says of the service that `cliai service install` makes whether it outlives a logout.
import process from "node:process";
import { type Check, well } from "../../domain/system/check.ts";
import type { CliContext } from "../frame/context.ts";
import { lingerNote } from "../service/linger.ts";
import { installedService } from "../service/manager-of.ts";

/** No check if no service of the usual name is installed: a server needs none. That it ends with a logout may be meant, so it is no problem. */
export function checkService(dataDir: string, { env }: Pick<CliContext, "env">): Check[] {
  const service = installedService({ dataDir, env });
  if (service === undefined) return [];
  const note = lingerNote(process.platform, env);
  const words = `the server is a ${service.title} (${service.path})`;
  return [well("service", note === undefined ? words : `${words}; ${note}`)];
}
