// Waits until files and folders are on the disk.
import type { Dirent } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The names in a folder. Windows flushes no folders. */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await flush(path);
}

/** All files and folders below a folder, and the folder itself. */
export async function flushTree(path: string): Promise<void> {
  const entries: Dirent[] = await readdir(path, { withFileTypes: true });
  for (const entry of entries) {
    if (entry.isDirectory()) await flushTree(join(path, entry.name));
    else if (entry.isFile()) await flush(join(path, entry.name));
  }
  await flushFolder(path);
}

async function flush(path: string): Promise<void> {
  // Windows flushes only what is open for writing.
  const handle = await open(path, process.platform === "win32" ? "r+" : "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
