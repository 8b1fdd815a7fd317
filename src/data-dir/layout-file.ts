// `layout.json` in the data directory: the layout of the data, and the version of cliai that wrote it last.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { layoutVersion, requireKnownLayout } from "../domain/layout.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { writePrivateFile } from "./private-files.ts";

const LayoutSchema = v.looseObject({
  layout: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  written_by: v.string(),
});

function pathOf(dataDir: string): string {
  return join(dataDir, "layout.json");
}

/**
 * Call this before anything in the directory is opened. Without the file, the directory is new or was written by cliai 0.1.0.
 * @throws CliaiError `config_invalid` if the layout is newer than this program's, or the file names none
 */
export async function requireKnownDataDir(dataDir: string): Promise<void> {
  await readLayout(dataDir);
}

/**
 * The layout of the data in the directory; 1 without the file.
 * @throws CliaiError as {@link requireKnownDataDir} does
 */
export async function readLayout(dataDir: string): Promise<number> {
  const path = pathOf(dataDir);
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new CliaiError("config_invalid", `cannot read ${path}: ${cause.message}`, {
      hint: "make it readable for your user",
      cause,
    });
  });
  if (text === undefined) return 1;
  const { layout, written_by } = parseLayout(text, path);
  requireKnownLayout(layout, `the data directory ${dataDir}`, `cliai ${written_by}`);
  return layout;
}

/**
 * Call this when everything in the directory has this program's layout.
 * @throws CliaiError `data_dir_unwritable`
 */
export async function writeLayout(dataDir: string, version: string): Promise<void> {
  const text = JSON.stringify({ layout: layoutVersion, written_by: version });
  await writePrivateFile(pathOf(dataDir), `${text}\n`);
}

function parseLayout(text: string, path: string): v.InferOutput<typeof LayoutSchema> {
  try {
    return v.parse(LayoutSchema, JSON.parse(text));
  } catch (cause) {
    throw new CliaiError("config_invalid", `${path} does not say which layout the data has`, {
      hint: `write the layout of the cliai that wrote the data: {"layout":${layoutVersion},"written_by":"…"}`,
      cause,
    });
  }
}
