// Tells whether a path is a directory that an agent can work in.
import { stat } from "node:fs/promises";

/** False also if nothing is at that path. */
export async function isDirectory(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined); // absent
  return stats?.isDirectory() === true;
}
