// Removes what a backup or a restore has left that was killed: files and folders with keys in them.
import { rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { takeAbandoned } from "../../backup/unfinished.ts";
import { isUnfinishedOf } from "../../data-dir/contents.ts";
import { natsDirOf } from "../../data-dir/data-dir.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { endOrphan } from "../../nats/child/leftover-server.ts";

/**
 * What cannot be removed is told, and stays: it is no obstacle for the command.
 * @param isMeant whether what is left of this file or folder is removed
 */
export async function removeLeftovers(
  folder: string,
  log: Logger,
  isMeant?: (base: string) => boolean,
): Promise<void> {
  for (const { path, end } of await takeAbandoned(folder, isMeant)) {
    try {
      await endOrphan(natsDirOf(path), log);
      await rm(path, { recursive: true, force: true });
      await end();
      log.warn(`removed ${path}, which a killed cliai has left`);
    } catch (error) {
      log.warn(`cannot remove ${path}, which a killed cliai has left, with keys in it: ${messageOf(error)}`);
    }
  }
}

/** Of a restore into this data directory. */
export async function removeLeftoversOf(dataDir: string, log: Logger): Promise<void> {
  await removeLeftovers(dirname(dataDir), log, (base) => isUnfinishedOf(base, basename(dataDir)));
}
