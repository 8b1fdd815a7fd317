// Runs a nats-server on the store of a data directory for which no server runs, on a port that nobody knows.
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { buildInfo } from "../../build-info.ts";
import { readFleetRevocations } from "../../credentials/agent-grants.ts";
import { readKeys, requireKeys } from "../../credentials/keys.ts";
import { natsDirOf } from "../../data-dir/data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { buildClaims, mintUser } from "../../nats/accounts/credentials.ts";
import type { Bus } from "../../nats/bus.ts";
import { resolveServerBinary } from "../../nats/child/server-binary.ts";
import { startNatsServer } from "../../nats/child/server-process.ts";
import { connectBus } from "../../nats/connect-bus.ts";
import type { CliContext } from "../frame/context.ts";

export interface StoreOptions {
  readonly dataDir: string;
  /** Whether the store is that of a server with `--insecure`, whose streams are in no account. */
  readonly insecure: boolean;
  /** Default `always`. `2m` is quicker, for whoever flushes the files afterwards. */
  readonly sync?: string;
  /** If it has aborted, nobody needs the store: nats-server is killed, because in the middle of a restored stream it ends only after seconds. */
  readonly abandoned?: AbortSignal;
}

/**
 * Call it only while others are kept away from the directory: two nats-servers on one store destroy it. The agents' hosts do not find this
 * nats-server, and find the next server at the port that they know.
 * @throws CliaiError as `startNatsServer` and `connectBus` do; `config_invalid` if there are no keys
 */
export async function withOwnStore<Result>(
  { dataDir, insecure, sync, abandoned }: StoreOptions,
  { env, log }: CliContext,
  work: (bus: Bus) => Promise<Result>,
): Promise<Result> {
  const keys = insecure ? undefined : await requireKeys(dataDir);
  for (const name of ["bin", "nats"]) await ensureOwnDir(join(dataDir, name));
  const binary = await resolveServerBinary({
    dataDir,
    flagPath: env.CLIAI_NATS_SERVER || undefined,
    embedded: buildInfo.embeddedServer,
    cacheDir: buildInfo.serverCacheDir,
    searchPath: env.PATH,
  });
  const dir = natsDirOf(dataDir);
  await using parts = new AsyncDisposableStack();
  parts.defer(await keepRunFile(dir));
  const claims = keys && (() => buildClaims(keys, readFleetRevocations(dataDir)));
  const killing = new AbortController();
  const { signal: kill } = killing;
  const nats = await startNatsServer({ binary, dir, port: 0, isPrivate: true, claims, sync, kill, log });
  parts.defer(async () => {
    if (abandoned?.aborted === true) killing.abort();
    await nats.stop();
  });
  const creds = keys && (await mintUser(keys.account, { name: "cliai backup" })).creds;
  const bus = await connectBus({ url: nats.url, name: "cliai backup", creds, log });
  parts.defer(() => bus.close());
  return await work(bus);
}

/** Undefined if nats-server has stored nothing in the directory. */
export async function findStore(dataDir: string): Promise<{ readonly insecure: boolean } | undefined> {
  const accounts: string[] = await readdir(join(natsDirOf(dataDir), "jetstream")).catch(() => []);
  const keys = await readKeys(dataDir);
  if (keys !== undefined && accounts.includes(keys.account.getPublicKey())) return { insecure: false };
  return accounts.includes("$G") ? { insecure: true } : undefined;
}

/** `run.json` names the last server. @returns the function that puts it back */
async function keepRunFile(natsDir: string): Promise<() => Promise<void>> {
  const path = join(natsDir, "run.json");
  const before = await readFile(path, "utf8").catch(() => undefined); // there was no server yet
  return async () => {
    if (before === undefined) await rm(path, { force: true });
    else await writePrivateFile(path, before);
  };
}
