// Reads what is known of the licences of Bun's parts. Bun's own list of them (configs/licenses/bun/LICENSE.md) has no texts; those come from the
// packages in which the same parts are published.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Notice } from "../../../src/build-info.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";

interface BunPart {
  /** As in Bun's list. */
  readonly name: string;
  readonly license: string;
  /** Files in configs/licenses/bun/parts, without `.txt`. */
  readonly texts: readonly string[];
  /** See {@link Notice}. */
  readonly is_standard?: true;
}

/** @throws CliaiError `failed` for a part of Bun's list that is not in parts.json */
export async function readBunParts(projectDir: string): Promise<Notice[]> {
  const dir = join(projectDir, "configs", "licenses", "bun");
  const parts: BunPart[] = JSON.parse(await readFile(join(dir, "parts.json"), "utf8"));
  for (const name of partsInList(await readFile(join(dir, "LICENSE.md"), "utf8"))) {
    if (parts.some((part) => part.name === name)) continue;
    throw new CliaiError("failed", `Bun has the part ${name} inside, whose licence is not known`, {
      hint: "put its licence into configs/licenses/bun/parts, and name it in configs/licenses/bun/parts.json",
    });
  }
  return await Promise.all(
    parts.map(async ({ name, license, texts, is_standard }): Promise<Notice> => {
      const read = texts.map((file) => readFile(join(dir, "parts", `${file}.txt`), "utf8"));
      return {
        ...{ name, version: "", license, kind: "bun-part", texts: await Promise.all(read) },
        ...(is_standard && { isStandard: true as const }),
      };
    }),
  );
}

/** The names in the first column of the tables. */
export function partsInList(list: string): string[] {
  return [...list.matchAll(/^\|[^|[]*\[`?([^\]`]+)`?\]/gm)].map(([, name = ""]) => name);
}
