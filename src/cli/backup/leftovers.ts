// Removes what a backup or a restore has left that was killed: files and folders with keys in them.
import { rm } from "node:fs/promises";
import { placeOfRestores, takeAbandoned, type UnfinishedPlace } from "../../backup/unfinished.ts";
import { natsDirOf } from "../../data-dir/data-dir.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { endOrphan } from "../../nats/child/leftover-server.ts";

/** What cannot be removed is told, and stays: it is no obstacle for the command. */
export async function removeLeftovers(place: UnfinishedPlace, log: Logger): Promise<void> {
  for (const { path, end } of await takeAbandoned(place)) {
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
  await removeLeftovers(await placeOfRestores(dataDir), log);
}
