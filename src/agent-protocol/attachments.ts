// Stores files for an agent in its private folder: `agents/<id>/attachments/<task>/`.
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureOwnDir, ensurePrivateDir, isOwnDir, unwritable } from "../data-dir/private-files.ts";
import { cleanFileNames } from "../domain/agent-protocol/file-names.ts";
import type { Attachment } from "../domain/agent-protocol/read-prompt.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";

/** How much of an agent's attachments is kept. The oldest go first, but never those that are just stored. */
export const attachmentsBytes = 64 * 1024 * 1024;
/** What each file and each folder counts at least, because that is what it takes on a disk. */
export const leastBytes = 4_096;

/**
 * Stores them under clean names, and returns their paths. `taskId` names their folder.
 * @throws CliaiError `data_dir_unwritable`; then nothing of them is left
 */
export async function storeAttachments(
  dataDir: string,
  id: AgentId,
  taskId: string,
  attachments: readonly Attachment[],
): Promise<string[]> {
  const agent = join(dataDir, "agents", id);
  const all = join(agent, "attachments");
  await ensurePrivateDir(dataDir);
  for (const dir of [join(dataDir, "agents"), agent, all]) await ensureOwnDir(dir);
  const folder = join(all, taskId);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    throw unwritable(folder, error);
  }
  try {
    const names = cleanFileNames(attachments.map(({ filename }) => filename));
    const paths = names.map((name) => join(folder, name));
    for (const [index, { content }] of attachments.entries()) {
      await writeFile(paths[index] as string, content, { mode: 0o600, flag: "wx" });
    }
    await makeRoom(all, taskId);
    return paths;
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined); // the first error is the one to report
    throw unwritable(folder, error);
  }
}

/** Removes the oldest folders until all of them have {@link attachmentsBytes} at most. */
async function makeRoom(all: string, kept: string): Promise<void> {
  const folders = await Promise.all((await readdir(all)).map(async (name) => await measured(all, name)));
  const oldestFirst = folders.sort((one, other) => one.storedMs - other.storedMs);
  let bytes = folders.reduce((sum, folder) => sum + folder.bytes, 0);
  for (const folder of oldestFirst) {
    if (bytes <= attachmentsBytes) return;
    if (folder.name === kept || !(await isOwnDir(folder.path))) continue;
    await rm(folder.path, { recursive: true, force: true });
    bytes -= folder.bytes;
  }
}

async function measured(all: string, name: string) {
  const path = join(all, name);
  const names = await readdir(path).catch((): string[] => []); // a file that somebody has put there
  const sizes = await Promise.all(names.map(async (each) => (await stat(join(path, each))).size));
  const { mtimeMs } = await stat(path);
  const bytes = sizes.reduce((sum, size) => sum + Math.max(size, leastBytes), leastBytes);
  return { name, path, storedMs: mtimeMs, bytes };
}
