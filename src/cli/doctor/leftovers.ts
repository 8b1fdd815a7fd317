// Looks for what a backup or a restore has left that was killed. It has keys in it.
import { shellQuote } from "../../agents/shell-quote.ts";
import { findAbandoned, placeOfRestores } from "../../backup/unfinished.ts";
import { unfinishedLock } from "../../data-dir/contents.ts";
import { type Check, finding } from "../../domain/system/check.ts";

/** Where restores into the data directory work; and in it. */
export async function checkLeftovers(dataDir: string): Promise<Check[]> {
  const beside = await findAbandoned(await placeOfRestores(dataDir));
  const found = [...beside, ...(await findAbandoned({ folder: dataDir }))];
  return found.map(({ path, isCertain }) => {
    const what = `${path} is what a killed cliai has left, with keys in it`;
    const message = isCertain
      ? what
      : `${what}, or what the cliai of another user is at work on: its lock cannot be read`;
    return finding("files", message, `rm -rf ${shellQuote([path, unfinishedLock(path)])}`);
  });
}
