// The NATS server of a serve: its own, with the keys of the data directory, or the one at --nats-url; and the connection to it.
import { join, resolve } from "node:path";
import { buildInfo } from "../../build-info.ts";
import { type ServeSettings, serveSettings } from "../../config/serve-settings.ts";
import type { createKeyOwners } from "../../credentials/key-owners.ts";
import { ensureKeys } from "../../credentials/keys.ts";
import { natsDirOf } from "../../data-dir/data-dir.ts";
import { ensureOwnDir } from "../../data-dir/private-files.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { NatsKeys } from "../../nats/accounts/credentials.ts";
import { readServePort } from "../../nats/child/leftover-server.ts";
import { resolveServerBinary } from "../../nats/child/server-binary.ts";
import { type NatsServer, startNatsServer } from "../../nats/child/server-process.ts";
import type { NatsServerOptions } from "../../nats/child/start-once.ts";
import type { ServerOptions } from "../../server/start/server-options.ts";
import type { CliContext } from "../frame/context.ts";
import { claimsOf, connectServe } from "./serve-nats.ts";
import type { WebExposure } from "./web-exposure.ts";

export interface Running {
  readonly dataDir: string;
  readonly instance: string;
  nats: NatsServer | undefined;
  onViolation?: NatsServerOptions["onViolation"];
  /** Its abort kills nats-server at once. */
  readonly kill: AbortController;
}

interface OwnNats {
  readonly settings: ServeSettings;
  readonly exposure: WebExposure["nats"];
  readonly keys: NatsKeys | undefined;
  readonly running: Running;
}

/** Starts our own nats-server with the keys of the data directory, or uses the server at --nats-url, which has keys of its own. */
export async function startNats(
  { settings, exposure, running }: Omit<OwnNats, "keys">,
  context: CliContext,
  parts: AsyncDisposableStack,
) {
  const { dataDir } = running;
  const isOpen = settings.insecure || settings.nats_url !== undefined;
  const keys = isOpen ? undefined : await ensureKeys(dataDir, exposure.trust);
  const natsUrl =
    settings.nats_url ?? (await startOwnNats({ settings, exposure, keys, running }, context, parts));
  const credsPath = settings.nats_creds && resolve(context.cwd, settings.nats_creds);
  const { now, log } = context;
  const nats = await connectServe({ url: natsUrl, keys, credsPath, dataDir, now, log }, parts);
  return { keys, natsUrl, nats };
}

async function startOwnNats(
  { settings, exposure, keys, running }: OwnNats,
  { env, now, log }: CliContext,
  parts: AsyncDisposableStack,
): Promise<string> {
  const { dataDir } = running;
  // These must be real folders: a symbolic link could lead the program that is run, or what it writes, elsewhere.
  for (const name of ["bin", "nats"]) await ensureOwnDir(join(dataDir, name));
  const binary = await resolveServerBinary({
    dataDir,
    flagPath: settings.nats_server,
    embedded: buildInfo.embeddedServer,
    cacheDir: buildInfo.serverCacheDir,
    searchPath: env.PATH,
  });
  const dir = natsDirOf(dataDir);
  const options = {
    ...{ binary, dir, host: exposure.host, tls: exposure.tls },
    sync: settings.sync,
    claims: keys && claimsOf(dataDir, keys, { now, log }),
    kill: running.kill.signal,
    onViolation: (violation: Violation) => running.onViolation?.(violation),
    log,
  };
  const port = settings.nats_port;
  const before = await portOfBefore(dir, port);
  const nats =
    (before === undefined ? undefined : await startUnlessTaken({ ...options, port: before })) ??
    (await startNatsServer({ ...options, port }));
  running.nats = nats;
  parts.defer(() => nats.stop());
  return nats.url;
}

type Violation = Parameters<NonNullable<NatsServerOptions["onViolation"]>>[0];

/**
 * The port of the last serve, if no other port was chosen for this one. The hosts of the agents outlive a serve, and find the next one
 * at the address that they know.
 */
async function portOfBefore(dir: string, port: number): Promise<number | undefined> {
  if (port !== 0 && port !== serveSettings.nats_port.default) return undefined;
  const before = await readServePort(dir);
  return before === port ? undefined : before;
}

/** Undefined if the port is taken. */
async function startUnlessTaken(options: NatsServerOptions): Promise<NatsServer | undefined> {
  try {
    return await startNatsServer(options);
  } catch (error) {
    if (error instanceof CliaiError && error.code === "port_taken") return undefined;
    throw error;
  }
}

/** Reports each publish or subscription that our own nats-server refuses, with the agent whose key was used. */
export function violationsOf(
  running: Running,
  ownerOf: ReturnType<typeof createKeyOwners>,
  log: CliContext["log"],
): NonNullable<ServerOptions["followViolations"]> {
  return (onRefused) => {
    const tell: typeof running.onViolation = async ({ userKey, ...refused }) => {
      const id = await ownerOf(userKey).catch((error: unknown) => {
        log.warn(`cannot read whose key ${userKey} is: ${messageOf(error)}`);
        return undefined;
      });
      if (running.onViolation === tell) onRefused({ id, ...refused });
    };
    running.onViolation = tell;
    return () => {
      running.onViolation = undefined;
    };
  };
}
