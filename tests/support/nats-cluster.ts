// Three nats-servers with JetStream as one cluster on loopback, each a process of its own that can be killed and started.
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { type Child, startChild } from "./child.ts";
import { testNatsServer } from "./nats.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

const clusterSize = 3;

export interface NatsNode {
  readonly name: string;
  readonly url: string;
  isRunning(): boolean;
  /** The names of the connections it has. */
  connections(): Promise<string[]>;
  /** Kills the server, as a crash would. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface NatsCluster extends AsyncDisposable {
  readonly nodes: readonly NatsNode[];
  /** The addresses of all nodes, separated by commas. */
  readonly url: string;
  /** A connection of its own, closed with the cluster; to one node when that is given. */
  bus(options?: { name?: string; node?: NatsNode }): Promise<Bus>;
}

export interface NatsClusterOptions {
  /** More of the configuration of each node, such as `leafnodes { … }` with a port of its own. */
  readonly config?: (node: number) => string;
}

/** `await using cluster = await startNatsCluster();`: JetStream has a leader when it resolves. */
export async function startNatsCluster({ config }: NatsClusterOptions = {}): Promise<NatsCluster> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const binary = await testNatsServer();
  const ports = await freePorts(3 * clusterSize);
  const routes = ports.slice(clusterSize, 2 * clusterSize).map((port) => `"nats://127.0.0.1:${port}"`);
  const nodes: NatsNode[] = [];
  for (let i = 0; i < clusterSize; i += 1) {
    const path = dir.join(`n${i}`);
    await mkdir(path);
    const [port = 0, clusterPort = 0, httpPort = 0] = [0, 1, 2].map((kind) => ports[i + kind * clusterSize]);
    const text = `server_name: "n${i}"
host: "127.0.0.1"
port: ${port}
http: "127.0.0.1:${httpPort}"
max_payload: 8388608
jetstream { store_dir: ${JSON.stringify(path)} }
cluster { name: "c", host: "127.0.0.1", port: ${clusterPort}, routes: [${routes.join(", ")}] }
${config?.(i) ?? ""}
`;
    await writeFile(dir.join(`n${i}.conf`), text);
    const node = createNode({ name: `n${i}`, port, httpPort, binary, configPath: dir.join(`n${i}.conf`) });
    starting.defer(() => node.kill());
    nodes.push(node);
  }
  await Promise.all(nodes.map((node) => node.start()));

  const url = nodes.map((node) => node.url).join(",");
  const buses: Bus[] = [];
  const bus: NatsCluster["bus"] = async ({ name = "test", node } = {}) => {
    const made = await connectBus({ url: node?.url ?? url, name, log: silentLogger });
    buses.push(made);
    return made;
  };
  // JetStream makes a stream with three copies only once it has a leader and knows all its peers.
  const probe = await bus();
  const manager = await probe.connection.jetstreamManager({ checkAPI: false });
  await waitFor(
    () => manager.streams.add({ name: "PROBE", subjects: ["probe"], num_replicas: clusterSize }),
    { what: "a JetStream cluster of three", intervalMs: 50 },
  );
  // The cluster may elect its leader once more meanwhile, and then gives no answer.
  await waitFor(
    async () => {
      const isThere = (await manager.streams.names().next()).includes("PROBE");
      return !isThere || (await manager.streams.delete("PROBE"));
    },
    { what: "the probe is deleted", intervalMs: 50 },
  );
  const running = starting.move();
  return {
    nodes,
    url,
    bus,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(buses.map((each) => each.close({ graceMs: 500 })));
      await running.disposeAsync();
    },
  };
}

interface NodeOptions {
  readonly name: string;
  readonly port: number;
  readonly httpPort: number;
  readonly binary: string;
  readonly configPath: string;
}

function createNode({ name, port, httpPort, binary, configPath }: NodeOptions): NatsNode {
  let child: Child | undefined;
  return {
    name,
    url: `nats://127.0.0.1:${port}`,
    isRunning: () => child !== undefined,
    async connections() {
      const response = await fetch(`http://127.0.0.1:${httpPort}/connz`);
      const { connections } = (await response.json()) as { connections: { name?: string }[] };
      return connections.map((each) => each.name ?? "");
    },
    async start() {
      child = await startChild(binary, ["-c", configPath], { stdin: "ignore" });
      await child.line("Server is ready", { from: "stderr" });
    },
    async kill() {
      const ending = child;
      child = undefined;
      ending?.kill("SIGKILL");
      await ending?.exit();
    },
  };
}

/** Ports that are free now, all different; another process may take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listening()));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a socket without a port");
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listening(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject).listen(0, "127.0.0.1", () => resolve(server));
  });
}
