// `cliai serve` as the benchmark runs it: the measured program on free ports, in a directory of its own, ended by its handle.
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
  /** From exec to the line that says it is ready. */
  readonly readyMs: number;
  /** The credentials with all rights in the fleet's account. */
  readonly operatorCreds: string;
  /** The text of credentials that allow what the agent's bridge may do. */
  mintCreds(id: string): Promise<string>;
  /** A connection with all rights, closed with the parts. */
  connect(name: string, id?: AgentId): Promise<Bus>;
  /** A connection of nats-server's own account, which knows what there is of connections and subscriptions. */
  connectSystem(): Promise<Bus>;
  readonly fetch: (path: string, init?: DirectRequest) => Promise<Response>;
  /** The process id of its nats-server; undefined where that cannot be found out. */
  natsPid(): Promise<number | undefined>;
}

export interface MeasuredServeOptions {
  readonly args?: readonly string[];
  /** Default: one in the scenario's own directory. */
  readonly dataDir?: string;
  /** Default: any free one. */
  readonly natsPort?: number;
}

const readyWithinMs = 60_000;

/** Ended with the parts. */
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
  /** As `cliai agents add` makes them: a user of an account of its own. */
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

/** What this process was told must not reach the measured one. */
export const cleanEnvironment: Readonly<Record<string, undefined>> = {
  CLIAI_HOME: undefined,
  CLIAI_LOG: undefined,
  CLIAI_HEARTBEAT: undefined,
  NATS_URL: undefined,
  NATS_CREDS: undefined,
  AGENT_ID: undefined,
};

/** The nats-server that the serve of this directory has unpacked; undefined where it runs another. */
export async function unpackedServer(dataDir: string): Promise<string | undefined> {
  const bin = join(dataDir, "bin");
  const names = await readdir(bin).catch(() => []); // a run from source unpacks none
  const name = names.find((each) => each.startsWith("nats-server"));
  return name === undefined ? undefined : join(bin, name);
}
