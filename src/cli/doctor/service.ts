// Says of the service that `cliai service install` makes whether it is there, and whether it outlives a logout.
import { existsSync } from "node:fs";
import process from "node:process";
import { type Check, well } from "../../domain/system/check.ts";
import type { CliContext } from "../frame/context.ts";
import { lingerNote } from "../service/linger.ts";
import { managerOf } from "../service/manager-of.ts";

const hasServices = ["linux", "darwin", "win32"].includes(process.platform);

/** No check if no service of the usual name is installed: a server needs none. That it ends with a logout may be meant, so it is no problem. */
export function checkService(dataDir: string, { env }: Pick<CliContext, "env">): Check[] {
  if (!hasServices) return [];
  const manager = managerOf("cliai", { dataDir, flags: [], env });
  if (!existsSync(manager.path)) return [];
  const note = lingerNote(process.platform, env);
  const words = `the server is a ${manager.title} (${manager.path})`;
  return [well("service", note === undefined ? words : `${words}; ${note}`)];
}
