// Before serve brings data of an earlier cliai up to date, it copies what that changes and nothing else has: keys and buckets.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { checkBackup } from "../../backup/restore.ts";
import { saveBackup } from "../../backup/save.ts";
import { buildInfo } from "../../build-info.ts";
import { keysDirOf } from "../../data-dir/data-dir.ts";
import { layoutVersion } from "../../domain/layout.ts";
import { bucketStream } from "../../nats/jetstream/bucket.ts";
import type { CliContext } from "../frame/context.ts";
import { removeLeftovers } from "./leftovers.ts";
import { findStore, withOwnStore } from "./own-store.ts";

/**
 * Writes `before-layout-N.tar` into the directory, if its data has an earlier layout than N, this program's. The intact copy of an update that
 * did not come to its end stays, because the data may have changed since; what else has its name is replaced. Call it while the directory is locked, before anything in it is changed.
 * @throws CliaiError if the copy cannot be made: then nothing may be changed
 */
export async function copyBeforeUpdate(
  { dataDir, layout }: { readonly dataDir: string; readonly layout: number },
  context: CliContext,
): Promise<void> {
  if (layout >= layoutVersion) return;
  const store = await findStore(dataDir);
  if (store === undefined && !(await isThere(keysDirOf(dataDir)))) return; // a new directory
  const path = join(dataDir, `before-layout-${layoutVersion}.tar`);
  await removeLeftovers({ folder: dataDir }, context.log);
  if (await isIntact(path)) return;
  context.log.info(
    `the data has layout ${layout}: keys and buckets are copied to ${path} before it is brought up to date`,
  );
  const insecure = store?.insecure ?? false;
  const options = {
    ...{ path, dataDir, now: context.now(), signal: new AbortController().signal },
    facts: { cliai: buildInfo.version, layout, insecure, part: "keys and buckets" },
    isSaved: { file: (name: string) => name === "keys" || name.startsWith("keys/"), stream: isBucket },
    onStream: () => undefined,
  };
  if (store === undefined) await saveBackup({ ...options, bus: undefined });
  else await withOwnStore({ dataDir, insecure }, context, (bus) => saveBackup({ ...options, bus }));
}

const isBucket = (name: string) => name.startsWith(bucketStream(""));

async function isIntact(copy: string): Promise<boolean> {
  return await checkBackup(copy, new AbortController().signal).then(
    () => true,
    () => false, // there is none, or something else
  );
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false, // there is none
  );
}
