// Finds the directory that an agent works in.
import { stat } from "node:fs/promises";

/** False for what is not there, too. */
export async function isDirectory(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined); // absent
  return stats?.isDirectory() === true;
}
