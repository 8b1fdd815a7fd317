// `layout.json` of the data directory: the layout of its data, and the cliai that wrote it last.
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
 * To be called before anything of the directory is opened. Without the file it is new, or of cliai 0.1.0.
 * @throws CliaiError `config_invalid` for a newer layout, and for a file that says none
 */
export async function requireKnownDataDir(dataDir: string): Promise<void> {
  const path = pathOf(dataDir);
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new CliaiError("config_invalid", `cannot read ${path}: ${cause.message}`, {
      hint: "make it readable for your user",
      cause,
    });
  });
  if (text === undefined) return;
  const { layout, written_by } = parseLayout(text, path);
  requireKnownLayout(layout, `the data directory ${dataDir}`, `cliai ${written_by}`);
}

/** Call it when everything in the directory has this layout. @throws CliaiError `data_dir_unwritable` */
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
