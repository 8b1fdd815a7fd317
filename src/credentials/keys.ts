// This room mints and revokes NATS credentials, and keeps the named tokens of the HTTP API. A change here wants extra scrutiny.
//
// The files under `keys/`: the seeds that sign all NATS accounts and users, and the operator's credentials. Whoever can read
// them can act as the operator, so agents get none of them.
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

/** The path of the credentials that a person's commands on this machine connect with. */
export function operatorCredsPath(dataDir: string): string {
  return join(keysDirOf(dataDir), "operator.creds");
}

/** The certificates that clients trust for nats-server, which are added to all credentials; empty if it runs without TLS. */
export async function readTrust(dataDir: string): Promise<string> {
  return await readFile(trustPath(dataDir), "utf8").catch(() => ""); // serve writes the file only with TLS
}

function trustPath(dataDir: string): string {
  return join(keysDirOf(dataDir), "nats-ca.pem");
}

async function keepTrust(dataDir: string, trust: string): Promise<void> {
  if (trust === "") await rm(trustPath(dataDir), { force: true });
  else await writePrivateFile(trustPath(dataDir), trust);
}

/**
 * Reads the keys of this data directory, or makes them at the first start. Only the serve that holds the directory's lock
 * (data-dir/serve-lock.ts) may call this: two at once would make two sets of keys that do not fit each other.
 * @param trust the certificates that {@link readTrust} returns from now on
 * @throws CliaiError `config_invalid` with the path of a file that is damaged or cannot be read
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

/**
 * Undefined if no serve with credentials has started on this directory yet.
 * @throws CliaiError as {@link ensureKeys} does
 */
export async function readKeys(dataDir: string): Promise<NatsKeys | undefined> {
  const { operator, system, account } = await readKeyFiles(dataDir);
  return operator && system && account ? { operator, system, account } : undefined;
}

/**
 * As {@link readKeys}, for a command that cannot work without.
 * @throws CliaiError `config_invalid`, also if there are none
 */
export async function requireKeys(dataDir: string): Promise<NatsKeys> {
  const keys = await readKeys(dataDir);
  if (keys !== undefined) return keys;
  throw new CliaiError(
    "config_invalid",
    `no keys in ${dataDir}: no server with credentials has started there`,
    {
      hint: "start it once without --insecure and --nats-url: cliai serve",
    },
  );
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
      hint: "restore it from a backup, or remove the folder keys/ and spawn the agents again",
      cause,
    });
  }
}

function seedPath(dataDir: string, kind: KeyKind): string {
  return join(keysDirOf(dataDir), `${kind}.nk`);
}

/** Makes the operator's credentials again if they are missing, damaged, or for another account or certificate. */
async function ensureOperatorCreds(dataDir: string, { account }: NatsKeys, trust: string): Promise<void> {
  const path = operatorCredsPath(dataDir);
  const present = await readFile(path, "utf8").catch(() => ""); // if it is absent or unreadable, it is made again
  const isSame = String(certificatesIn(present)) === String(certificatesIn(trust));
  if (isSame && (await isIssuedBy(present, account))) return;
  await writePrivateFile(path, (await mintUser(account, { name: operatorName })).creds + trust);
}
