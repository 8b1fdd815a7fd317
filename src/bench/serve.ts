// Starts `cliai serve` for the benchmark: the measured program, on free ports, in a directory of its own. Ends it by its handle.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DirectRequest, directFetch } from "../direct-fetch.ts";
import { type AgentId, parseAgentId } from "../domain/wire/agent-id.ts";
import { inboxPrefix } from "../domain/wire/subjects.ts";
import { silentLogger } from "../log.ts";
import {
  buildAgentAccountClaims,
  createAgentAccount,
  type KeyKind,
  mintUser,
  type NatsKeys,
  readSeed,
} from "../nats/accounts/credentials.ts";
import { agentPermissions } from "../nats/accounts/permissions.ts";
import type { Bus } from "../nats/bus.ts";
import { accountsDirOf } from "../nats/child/server-config.ts";
import { connectBus } from "../nats/connect-bus.ts";
import { type BenchChild, startBenchChild } from "./child.ts";
import { findChild } from "./process-facts.ts";
import type { BenchContext } from "./scenario.ts";

export interface MeasuredServe {
  readonly url: string;
  readonly natsUrl: string;
  readonly dataDir: string;
  readonly child: BenchChild;
  /** The time from exec to the line that says that it is ready. */
  readonly readyMs: number;
  /** Lets in over HTTP. */
  readonly token: string;
  /** The credentials with all rights in the fleet's account. */
  readonly operatorCreds: string;
  /** Makes credentials for an agent's bridge, and returns their text. */
  mintCreds(id: string): Promise<string>;
  /** Connects with all rights, or with those of an agent. The connection is closed when `parts` are disposed of. */
  connect(name: string, id?: AgentId): Promise<Bus>;
  /** Connects to nats-server's system account, which reports the numbers of connections and subscriptions. */
  connectSystem(): Promise<Bus>;
  readonly fetch: (path: string, init?: DirectRequest) => Promise<Response>;
  /** The process id of its nats-server; undefined if it cannot be found. */
  natsPid(): Promise<number | undefined>;
}

export interface MeasuredServeOptions {
  readonly args?: readonly string[];
  /** Default: a folder in the scenario's own directory. */
  readonly dataDir?: string;
  /** Default: a free port. */
  readonly natsPort?: number;
}

const readyWithinMs = 60_000;

/** The serve is ended when `parts` are disposed of. */
export async function startMeasuredServe(
  { program, dir }: Pick<BenchContext, "program" | "dir">,
  parts: AsyncDisposableStack,
  { args = [], dataDir = join(dir, "data"), natsPort = 0 }: MeasuredServeOptions = {},
): Promise<MeasuredServe> {
  const startedMs = performance.now();
  const ports = ["--port", "0", "--nats-port", String(natsPort)];
  const child = await startBenchChild(
    program,
    ["serve", ...ports, "--data-dir", dataDir, "--json", ...args],
    { env: cleanEnvironment },
  );
  parts.use(child);
  const ready = JSON.parse(await child.nextLine(readyWithinMs)) as { url: string; nats_url: string };
  const readyMs = performance.now() - startedMs;
  const keysDir = join(dataDir, "keys");
  const token = (await readFile(join(keysDir, "http-token"), "utf8")).trim();
  const operatorCreds = await readFile(join(keysDir, "operator.creds"), "utf8");
  const read = async (kind: KeyKind) => readSeed(kind, await readFile(join(keysDir, `${kind}.nk`), "utf8"));
  const keys: NatsKeys = {
    operator: await read("operator"),
    system: await read("system"),
    account: await read("account"),
  };
  /** Makes credentials as `cliai agents add` does: for a user in an account of the agent's own. */
  const mintAgent = async (id: AgentId) => {
    const account = createAgentAccount();
    const claims = await buildAgentAccountClaims(keys, { id, key: account, revocations: {} });
    await writeFile(join(accountsDirOf(join(dataDir, "nats")), `${account}.jwt`), claims, { mode: 0o600 });
    return (await mintUser(keys.account, { name: id, account, permissions: agentPermissions(id) })).creds;
  };
  const open = async (name: string, creds: string, id?: AgentId) => {
    const prefix = id === undefined ? {} : { inboxPrefix: inboxPrefix(id) };
    const bus = await connectBus({ url: ready.nats_url, name, creds, log: silentLogger, ...prefix });
    parts.defer(() => bus.close({ graceMs: 500 }));
    return bus;
  };
  return {
    url: ready.url,
    natsUrl: ready.nats_url,
    dataDir,
    child,
    readyMs,
    token,
    operatorCreds,
    mintCreds: (id) => mintAgent(parseAgentId(id)),
    connect: async (name, id) => await open(name, id === undefined ? operatorCreds : await mintAgent(id), id),
    connectSystem: async () =>
      await open("cliai bench", (await mintUser(keys.system, { name: "bench" })).creds),
    fetch: async (path, init = {}) => {
      const headers = { ...init.headers, authorization: `Bearer ${token}` };
      return await directFetch(ready.url + path, { ...init, headers });
    },
    natsPid: () => findChild(child.pid, "nats-server"),
  };
}

/** Variables of this process that must not reach the measured one. */
export const cleanEnvironment: Readonly<Record<string, undefined>> = {
  CLIAI_HOME: undefined,
  CLIAI_LOG: undefined,
  CLIAI_HEARTBEAT: undefined,
  NATS_URL: undefined,
  NATS_CREDS: undefined,
  AGENT_ID: undefined,
};

/** The path of the nats-server that serve has unpacked in this directory; undefined if it runs another one. */
export async function unpackedServer(dataDir: string): Promise<string | undefined> {
  const bin = join(dataDir, "bin");
  const names = await readdir(bin).catch(() => []); // a run from source does not unpack one
  const name = names.find((each) => each.startsWith("nats-server"));
  return name === undefined ? undefined : join(bin, name);
}
