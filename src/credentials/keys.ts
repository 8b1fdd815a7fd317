// This room mints and revokes NATS credentials. A change here wants extra scrutiny.
//
// The files under `keys/`: the seeds that sign everything of NATS, and the operator's credentials. Whoever can read them is
// the operator. Agents get none of them.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { keysDirOf } from "../data-dir/data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import {
  createSeed,
  isIssuedBy,
  type KeyKind,
  mintUser,
  type NatsKeys,
  operatorName,
  readSeed,
} from "../nats/accounts/credentials.ts";
import { certificatesIn } from "../nats/accounts/trust.ts";

/** What the client commands on this machine connect with. */
export function operatorCredsPath(dataDir: string): string {
  return join(keysDirOf(dataDir), "operator.creds");
}

/** The certificates that nats-server is known by to whoever has credentials; an empty text where it speaks no TLS. */
export async function readTrust(dataDir: string): Promise<string> {
  return await readFile(trustPath(dataDir), "utf8").catch(() => ""); // serve writes it where there is TLS
}

function trustPath(dataDir: string): string {
  return join(keysDirOf(dataDir), "nats-ca.pem");
}

async function keepTrust(dataDir: string, trust: string): Promise<void> {
  if (trust === "") await rm(trustPath(dataDir), { force: true });
  else await writePrivateFile(trustPath(dataDir), trust);
}

/**
 * The keys of this data directory, made at its first start. Only the holder of the data directory (data-dir/serve-lock.ts) may make them: two that do at once
 * would vouch for different fleets.
 * @param trust what {@link readTrust} gives from now on
 * @throws CliaiError `config_invalid`, naming the file, when one is damaged or cannot be read
 */
export async function ensureKeys(dataDir: string, trust = ""): Promise<NatsKeys> {
  await ensureOwnDir(keysDirOf(dataDir));
  const known = await readKeyFiles(dataDir);
  const make = async (kind: KeyKind) => {
    const seed = createSeed(kind);
    await writePrivateFile(seedPath(dataDir, kind), `${seed}\n`);
    return readSeed(kind, seed);
  };
  const keys: NatsKeys = {
    operator: known.operator ?? (await make("operator")),
    system: known.system ?? (await make("system")),
    account: known.account ?? (await make("account")),
  };
  await keepTrust(dataDir, trust);
  await ensureOperatorCreds(dataDir, keys, trust);
  return keys;
}

/** Undefined where no server with credentials has started yet. @throws CliaiError as {@link ensureKeys} */
export async function readKeys(dataDir: string): Promise<NatsKeys | undefined> {
  const { operator, system, account } = await readKeyFiles(dataDir);
  return operator && system && account ? { operator, system, account } : undefined;
}

async function readKeyFiles(dataDir: string): Promise<{ [Kind in KeyKind]: NatsKeys[Kind] | undefined }> {
  const read = (kind: KeyKind) => readKeyFile(seedPath(dataDir, kind), kind);
  return { operator: await read("operator"), system: await read("system"), account: await read("account") };
}

async function readKeyFile(path: string, kind: KeyKind): Promise<NatsKeys[KeyKind] | undefined> {
  try {
    return readSeed(kind, await readFile(path, "utf8"));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliaiError("config_invalid", `cannot use the key ${path}: ${messageOf(cause)}`, {
      hint: "put it back from a copy; without one remove the folder keys/ and spawn the agents again",
      cause,
    });
  }
}

function seedPath(dataDir: string, kind: KeyKind): string {
  return join(keysDirOf(dataDir), `${kind}.nk`);
}

/** Makes them again if they are missing, cut off, or of another account or certificate. */
async function ensureOperatorCreds(dataDir: string, { account }: NatsKeys, trust: string): Promise<void> {
  const path = operatorCredsPath(dataDir);
  const present = await readFile(path, "utf8").catch(() => ""); // absent or unreadable: made again
  const isSame = String(certificatesIn(present)) === String(certificatesIn(trust));
  if (isSame && (await isIssuedBy(present, account))) return;
  await writePrivateFile(path, (await mintUser(account, { name: operatorName })).creds + trust);
}
