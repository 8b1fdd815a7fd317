// Looks for what a backup or a restore has left that was killed. It has keys in it.
import { basename, dirname } from "node:path";
import { shellQuote } from "../../agents/shell-quote.ts";
import { findAbandoned } from "../../backup/unfinished.ts";
import { isUnfinishedOf } from "../../data-dir/contents.ts";
import { type Check, finding } from "../../domain/system/check.ts";

/** Beside the data directory, of a restore into it; and in it. */
export async function checkLeftovers(dataDir: string): Promise<Check[]> {
  const beside = await findAbandoned(dirname(dataDir), (base) => isUnfinishedOf(base, basename(dataDir)));
  const paths = [...beside, ...(await findAbandoned(dataDir))];
  return paths.map((path) => {
    const message = `${path} is what a killed cliai has left, with keys in it`;
    return finding("files", message, `rm -r ${shellQuote([path])}`);
  });
}
