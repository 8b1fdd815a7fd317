// `cliai uninstall`: lists what cliai keeps on this machine, and removes it with --yes. It removes nothing while a server, a
// node or an agent uses it.
import { join, relative } from "node:path";
import { shellQuote } from "../agents/shell-quote.ts";
import { findAbandoned, placeOfRestores, type UnfinishedPlace } from "../backup/unfinished.ts";
import { readAgentFolders } from "../data-dir/agent-folders.ts";
import { isAgentHeld } from "../data-dir/agent-lock.ts";
import {
  type DataDirEntry,
  isDataDir,
  isNodeDir,
  readDataDirContents,
  removeDataDirContents,
  sizeOf,
} from "../data-dir/contents.ts";
import { natsDirOf } from "../data-dir/data-dir.ts";
import { isKernelLocked } from "../data-dir/kernel-lock.ts";
import { takeWhole } from "../data-dir/serve-lock.ts";
import { CliaiError } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import { endOrphan } from "../nats/child/leftover-server.ts";
import { selfCommand } from "../runtime.ts";
import { removeLeftovers } from "./backup/leftovers.ts";
import { dataDirArgs, dataDirFor, jsonArgs } from "./fleet/client.ts";
import { defineCliCommand } from "./frame/command.ts";
import { alignRows } from "./frame/terminal.ts";
import { nodeHeldPath } from "./node/node-file.ts";
import { installedService } from "./service/manager-of.ts";

export const uninstallCommand = defineCliCommand({
  name: "uninstall",
  description: "list all that cliai keeps on this machine; with --yes, remove it",
  args: {
    yes: { type: "boolean", description: "remove it, together with the recorded history" },
    all: {
      type: "boolean",
      description: "also list or remove the files that you wrote there, such as profiles.json",
    },
    ...dataDirArgs,
    ...jsonArgs,
  },
  async run(args, context) {
    const { json, print, note } = context;
    const dataDir = dataDirFor(args, context);
    const entries = await readDataDirContents(dataDir);
    const restores = await placeOfRestores(dataDir);
    const beside = await readBeside(dataDir, restores);
    if (entries.length > 0 && !(await isDataDir(dataDir)) && !(await isNodeDir(dataDir))) {
      throw new CliaiError("usage", `${dataDir} is not a data directory of cliai: it has no layout.json`, {
        hint: "name the directory that `cliai serve` printed: cliai uninstall --data-dir DIR",
      });
    }
    // Before node.json goes, which says whether it is a node's.
    const service = await installedService({ dataDir, env: context.env });
    const isOwn = ({ of }: DataDirEntry) => of === "own" || (of === "person" && args.all === true);
    if (args.yes === true && entries.length > 0)
      await removeUnused(dataDir, entries.filter(isOwn), context.log);
    if (args.yes === true) await removeLeftovers(restores, context.log);
    const notRemoved = args.yes === true ? await readBeside(dataDir, restores) : [];
    const isThere = new Set(notRemoved.map(({ name }) => name));
    const goes = [...entries.filter(isOwn), ...beside.filter(({ name }) => !isThere.has(name))];
    const stays = [...entries.filter((entry) => !isOwn(entry)), ...notRemoved];
    if (json) {
      const names = (list: readonly DataDirEntry[]) => list.map(({ name, bytes }) => ({ name, bytes }));
      const removed = args.yes === true;
      print(JSON.stringify({ data_dir: dataDir, removed, entries: names(goes), left: names(stays) }));
      return 0;
    }
    if (entries.length + beside.length === 0) print(`${dataDir} holds nothing of cliai`);
    else if (args.yes === true)
      print(`${dataDir}: removed ${goes.map(({ name }) => name).join(", ") || "nothing"}`);
    else {
      print(`${dataDir}:`);
      const rows = goes.map(({ name, bytes, what }) => [`  ${name}`, `${(bytes / 1e6).toFixed(1)} MB`, what]);
      for (const cells of alignRows(rows)) print(cells.join("  ").trimEnd());
    }
    for (const { name, what } of stays) note(`left: ${join(dataDir, name)} (${what})`);
    if (goes.length > 0 && args.yes !== true) {
      const own = stays.some(({ of }) => of === "person")
        ? "; and your own files with them: cliai uninstall --yes --all"
        : "";
      note(`nothing was removed; to remove these: cliai uninstall --yes${own}`);
    }
    if (service !== undefined) {
      const { manager, program } = service;
      const where = args["data-dir"] === undefined ? "" : ` --data-dir ${shellQuote([dataDir])}`;
      note(
        `left: the service (${manager.path}); to remove it: cliai service uninstall --name ${program.serviceName}${where}`,
      );
    }
    const { command, args: ofSource } = selfCommand();
    note(
      `the program is ${ofSource.at(-1) ?? command}; to remove it, delete that file; in a clone, run \`npm run unlink\`, and delete the clone`,
    );
    return 0;
  },
});

/** What killed restores into the directory have left beside it, as its entries. */
async function readBeside(dataDir: string, restores: UnfinishedPlace): Promise<DataDirEntry[]> {
  const found = await findAbandoned(restores);
  return await Promise.all(
    found.map(async ({ path }) => ({
      ...{ name: relative(dataDir, path), what: "an unfinished restore, with keys in it" },
      ...{ bytes: await sizeOf(path), of: "own" as const, inBackup: false },
    })),
  );
}

/**
 * Removes the entries. Meanwhile no server can be started on the directory.
 * @throws CliaiError `already_running` while a server, a node or an agent's host of this directory runs, or a command starts a server
 */
async function removeUnused(dataDir: string, goes: readonly DataDirEntry[], log: Logger): Promise<void> {
  const whole = await takeWhole(dataDir, "uninstall");
  try {
    await requireNoAgents(dataDir);
    requireNoNode(dataDir);
    // A killed server leaves its nats-server, which would run on with no files.
    await endOrphan(natsDirOf(dataDir), log);
    const isLock = ({ name }: Pick<DataDirEntry, "name">) => whole.files.includes(name);
    await removeDataDirContents(
      dataDir,
      goes.filter((entry) => !isLock(entry)),
    );
  } finally {
    whole.release();
  }
  // Windows removes no open file.
  await removeDataDirContents(
    dataDir,
    whole.files.map((name) => ({ name })),
  );
}

async function requireNoAgents(dataDir: string): Promise<void> {
  const running = (await readAgentFolders(join(dataDir, "agents"))).filter((id) => isAgentHeld(dataDir, id));
  if (running.length === 0) return;
  throw new CliaiError("already_running", `agents of ${dataDir} still run: ${running.join(", ")}`, {
    hint: "end them first, then remove: cliai down --agents",
  });
}

function requireNoNode(dataDir: string): void {
  if (!isKernelLocked(nodeHeldPath(dataDir))) return;
  throw new CliaiError("already_running", `the node of ${dataDir} still runs`, {
    hint: "end it first, then remove: cliai down",
  });
}
