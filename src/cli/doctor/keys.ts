// Checks that the store belongs to the keys of the data directory. If the keys are lost, the server makes new ones, and shows an empty fleet.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readKeys } from "../../credentials/keys.ts";
import { natsDirOf } from "../../data-dir/data-dir.ts";
import { type Check, finding, well } from "../../domain/system/check.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { streams } from "../../domain/wire/subjects.ts";

/** nats-server names the folder of an account by the account's public key. */
const accountPattern = /^A[A-Z2-7]{55}$/;

/** What a server stored under other keys, before the lost ones were put back, is small beside the history that then is shown again. */
async function historyBytes(dataDir: string, account: string): Promise<number> {
  const dir = join(natsDirOf(dataDir), "jetstream", account, "streams", streams.audit, "msgs");
  const files: string[] = await readdir(dir).catch(() => []); // there is no history
  const sizes = files.map(async (file) => (await stat(join(dir, file)).catch(() => undefined))?.size ?? 0); // removed meanwhile
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Without keys and without a store there is no check. */
export async function checkKeys(dataDir: string): Promise<Check[]> {
  try {
    const own = (await readKeys(dataDir))?.account.getPublicKey();
    const stores: string[] = await readdir(join(natsDirOf(dataDir), "jetstream")).catch(() => []); // nothing was stored yet
    const ownBytes = own === undefined ? -1 : await historyBytes(dataDir, own);
    const others: string[] = [];
    for (const name of stores.filter((each) => accountPattern.test(each) && each !== own))
      if ((await historyBytes(dataDir, name)) > ownBytes) others.push(name);
    if (others.length === 0)
      return own === undefined ? [] : [well("keys", "what is stored belongs to the keys")];
    return [
      finding(
        "keys",
        `the streams of ${others.join(", ")} in ${natsDirOf(dataDir)} are not shown: their keys are not in ${join(dataDir, "keys")}`,
        "put the keys back from a backup",
      ),
    ];
  } catch (error) {
    if (!(error instanceof CliaiError)) throw error;
    return [finding("keys", error.message, error.hint ?? "put the keys back from a backup")];
  }
}
