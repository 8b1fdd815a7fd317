// Checks that the store belongs to the keys of the data directory. If the keys are lost, the server makes new ones, and shows an empty fleet.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readKeys } from "../../credentials/keys.ts";
import { natsDirOf } from "../../data-dir/data-dir.ts";
import { type Check, finding, well } from "../../domain/system/check.ts";
import { CliaiError } from "../../domain/text/errors.ts";

/** nats-server names the folder of an account by the account's public key. */
const accountPattern = /^A[A-Z2-7]{55}$/;

/** Without keys and without a store there is no check. */
export async function checkKeys(dataDir: string): Promise<Check[]> {
  try {
    const own = (await readKeys(dataDir))?.account.getPublicKey();
    const stores: string[] = await readdir(join(natsDirOf(dataDir), "jetstream")).catch(() => []); // nothing was stored yet
    const others = stores.filter((name) => accountPattern.test(name) && name !== own);
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
