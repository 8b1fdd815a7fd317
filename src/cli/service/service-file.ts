// Reads and writes the file that describes a service to its manager. A file that cliai has not made is left alone.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { unwritable } from "../../data-dir/private-files.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { ServiceManager } from "./service-managers.ts";

export interface ServiceText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Whether it is the service of the data directory that the manager was made for: that of another one may have the same name. */
export function isServiceOf({ text }: ServiceText, { dataDirWord }: ServiceManager): boolean {
  return text.includes(dataDirWord);
}

/** What each of our files has; a file without it is somebody else's. */
const madeByUs = "Made by `cliai service install`";

/** Undefined if there is no such file. @throws CliaiError `refused` if it is not cliai's; `failed` if it cannot be read */
export async function readServiceFile(path: string): Promise<ServiceText | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliaiError("failed", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  const text = bytes.toString(bytes[0] === 0xff ? "utf16le" : "utf8");
  if (text.includes(madeByUs)) return { bytes, text };
  throw new CliaiError("refused", `${path} is a service that cliai has not made`, {
    hint: "choose another name: cliai service install --name cliai",
  });
}

/** @throws CliaiError `data_dir_unwritable` */
export async function writeServiceFile(path: string, file: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file, { mode: 0o600 });
  } catch (error) {
    throw unwritable(path, error);
  }
}
