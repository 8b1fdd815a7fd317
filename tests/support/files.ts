// What a test asks of files.
import { stat } from "node:fs/promises";

/** The rights of a file, as `chmod` names them: `600`. */
export async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}
