// This room is `cliai backup` and `cliai restore`.
//
// `cliai backup FILE`: saves the data directory in one file, whether the server runs or not.
import { open } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { manifestName } from "../../backup/backup-format.ts";
import { type Saved, type SaveOptions, saveBackup } from "../../backup/save.ts";
import { buildInfo } from "../../build-info.ts";
import { isDataDir } from "../../data-dir/contents.ts";
import { natsDirOf } from "../../data-dir/data-dir.ts";
import { readLayout } from "../../data-dir/layout-file.ts";
import { readServeFile } from "../../data-dir/serve-file.ts";
import { isServed, refuseWhileWhole, takeWhole } from "../../data-dir/serve-lock.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { Bus } from "../../nats/bus.ts";
import { readRun } from "../../nats/child/leftover-server.ts";
import { dataDirArgs, dataDirFor, jsonArgs, withClient } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { endingSignal } from "../process/ending-signal.ts";
import { removeLeftovers } from "./leftovers.ts";
import { findStore, withOwnStore } from "./own-store.ts";
import { sizeText, streamsText, streamText } from "./words.ts";

export const backupCommand = defineCliCommand({
  name: "backup",
  example: "cliai backup ~/cliai-backup.tar",
  description: "save the data directory in one file: history, state, keys, credentials, your own files",
  args: {
    file: {
      type: "positional",
      required: true,
      description: "the file to write; an earlier backup of this name is replaced",
    },
    ...dataDirArgs,
    ...jsonArgs,
  },
  async run(args, context) {
    const dataDir = dataDirFor(args, context);
    const path = resolve(context.cwd, args.file);
    if (!(await isDataDir(dataDir))) {
      throw new CliaiError("usage", `${dataDir} is not a data directory of cliai: it has no layout.json`, {
        hint: "name the directory that `cliai serve` printed: cliai backup FILE --data-dir DIR",
      });
    }
    await refuseForeignFile(path);
    await removeLeftovers({ folder: dirname(path) }, context.log);
    await using parts = new AsyncDisposableStack();
    const signal = endingSignal(context, parts);
    const saved = await save(dataDir, { path, signal }, context);
    tell(saved, { path, dataDir }, context);
    return 0;
  },
});

interface SavedHere extends Saved {
  /** The NATS server that has the streams, if that is not the server's own; they are then not in the backup. */
  readonly elsewhere?: string;
}

/** @throws CliaiError `usage` if another file than a backup is there */
async function refuseForeignFile(path: string): Promise<void> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new CliaiError("usage", `cannot write ${path}: ${error.message}`, { hint: "choose another file" });
  });
  if (handle === undefined) return;
  try {
    const start = Buffer.alloc(manifestName.length + 1);
    await handle.read(start, 0, start.length).catch(() => undefined); // a folder has nothing to read
    if (start.toString() === `${manifestName}\0`) return;
  } finally {
    await handle.close();
  }
  throw new CliaiError("usage", `${path} is there already, and is not a backup`, {
    hint: "choose another file, or remove that one first",
  });
}

async function save(
  dataDir: string,
  { path, signal }: Pick<SaveOptions, "path" | "signal">,
  context: CliContext,
): Promise<SavedHere> {
  const layout = await readLayout(dataDir);
  const options = (bus: Bus | undefined, insecure = false): SaveOptions => ({
    ...{ path, dataDir, bus, signal },
    facts: { cliai: buildInfo.version, layout, insecure },
    now: context.now(),
    onStream: (stream) => context.progress(`saving ${streamText(stream)}`),
  });
  await refuseWhileWhole(dataDir);
  if (await isServed(dataDir)) return await saveServed(dataDir, options, context);
  const whole = await takeWhole(dataDir, "backup");
  try {
    const store = await findStore(dataDir);
    if (store === undefined) return await saveBackup(options(undefined));
    const { insecure } = store;
    return await withOwnStore({ dataDir, insecure }, context, (bus) => saveBackup(options(bus, insecure)));
  } finally {
    whole.release();
  }
}

async function saveServed(
  dataDir: string,
  options: (bus: Bus | undefined, insecure?: boolean) => SaveOptions,
  context: CliContext,
): Promise<SavedHere> {
  const server = await readServeFile(dataDir);
  if (server === undefined) {
    throw new CliaiError("server_unreachable", `the server of ${dataDir} is not ready yet`, {
      hint: "wait until it is (cliai status), then try again",
    });
  }
  const ownPort = (await readRun(natsDirOf(dataDir)))?.port;
  if (URL.parse(server.nats_url)?.port !== String(ownPort))
    return { ...(await saveBackup(options(undefined))), elsewhere: server.nats_url };
  return await withClient({ "data-dir": dataDir }, context, (bus) =>
    saveBackup(options(bus, server.insecure === true)),
  );
}

function tell(
  { bytes, files, streams, left, elsewhere }: SavedHere,
  { path, dataDir }: { readonly path: string; readonly dataDir: string },
  { json, print, note }: CliContext,
): void {
  if (json) {
    const facts = { file: path, data_dir: dataDir, bytes, files, streams };
    print(JSON.stringify({ ...facts, left: left.map((each) => each.path), elsewhere }));
    return;
  }
  print(`saved ${dataDir} in ${path}: ${sizeText(bytes)}, ${files} files, ${streamsText(streams)}`);
  if (elsewhere !== undefined)
    note(`the streams are at ${elsewhere}, and not in the backup: save them there`);
  for (const each of left) note(`left out: ${join(dataDir, each.path)} (${each.why})`);
  note("the file has all keys and credentials: keep it where only you can read it");
}
