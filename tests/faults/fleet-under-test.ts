// Twenty agents, a real `cliai serve` and a real nats-server, with a proxy on each way that a fault may strike.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { endOrphan } from "../../src/nats/child/leftover-server.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { startTestNats, testNatsServer } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { startLocalRun, startProcessRun } from "./bridge-run.ts";
import { type AgentStep, type ScriptedAgent, startScriptedAgent } from "./scripted-agent.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** The first ones' bridges are processes; faults strike the very first. */
const bridgeProcesses = 3;
export const fleetSize = 20;

export interface FleetUnderTest extends AsyncDisposable {
  readonly agents: readonly ScriptedAgent[];
  /** The agent whose bridge the faults strike. */
  readonly probe: ScriptedAgent;
  /** A connection that no proxy is on. */
  readonly bus: Bus;
  readonly serve: ServeUnderTest;
  /** Of nats-server, whoever started it. */
  natsPid(): Promise<number>;
  readonly proxies: Readonly<Record<"serve" | "probe" | "others" | "sender", TcpProxy>>;
  /** Called at each step of each agent. */
  onAgentStep(listener: ((id: string, step: AgentStep, commandId: string) => void) | undefined): void;
}

export interface ServeUnderTest {
  current(): RunningServe;
  /** @param signal SIGTERM for an orderly end */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  startAgain(): Promise<void>;
}

/** @param ownNats whether `serve` starts nats-server itself; else it reaches one of the test's through its proxy */
export async function startFleet({ ownNats }: { readonly ownNats: boolean }): Promise<FleetUnderTest> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const dataDir = dir.join("data");
  const env = { CLIAI_NATS_SERVER: await testNatsServer() };

  const outside = ownNats ? undefined : parts.use(await startTestNats());
  const serveProxy = parts.use(await startTcpProxy(outside?.server.port ?? 1));
  const args = ["--insecure", ...(ownNats ? [] : ["--nats-url", urlOf(serveProxy)])];
  let running = await startServe({ dataDir, env, args });
  const [port, natsPort] = [running.url, ownNats ? running.natsUrl : ""].map(portOf);
  parts.defer(async () => {
    await running[Symbol.asyncDispose]();
    // A serve that was killed and not started again leaves its nats-server behind.
    if (ownNats) await endOrphan(join(dataDir, "nats"), silentLogger);
  });
  const serve: ServeUnderTest = {
    current: () => running,
    async end(signal) {
      running.child.kill(signal);
      await running.child.exit();
    },
    async startAgain() {
      running = await startServe({ dataDir, env, args, port: port ?? 0, natsPort: natsPort ?? 0 });
    },
  };

  const natsPortNow = outside?.server.port ?? natsPort ?? 0;
  const proxies = {
    serve: serveProxy,
    probe: parts.use(await startTcpProxy(natsPortNow)),
    others: parts.use(await startTcpProxy(natsPortNow)),
    sender: parts.use(await startTcpProxy(natsPortNow)),
  };
  const bus = await connectBus({
    url: `nats://127.0.0.1:${natsPortNow}`,
    name: "fault test",
    log: silentLogger,
  });
  parts.defer(() => bus.close({ graceMs: 500 }));

  let listener: Parameters<FleetUnderTest["onAgentStep"]>[0];
  const agents = await Promise.all(
    Array.from({ length: fleetSize }, (_, n) => {
      const id = parseAgentId(`agent-${n}`);
      return startScriptedAgent({
        id,
        url: urlOf(n === 0 ? proxies.probe : proxies.others),
        startRun: n < bridgeProcesses ? startProcessRun : startLocalRun,
        turnEveryMs: 300 + 10 * n,
        onStep: (step, commandId) => listener?.(id, step, commandId),
      });
    }),
  );
  for (const agent of agents) parts.use(agent);
  const [probe] = agents;
  if (probe === undefined) throw new Error("a fleet needs an agent");

  const fleet: FleetUnderTest = {
    agents,
    probe,
    bus,
    serve,
    natsPid: async () => outside?.server.pid() ?? (await pidOfOwnNats(dataDir)),
    proxies,
    onAgentStep: (next) => {
      listener = next;
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
  await waitFor(async () => (await onlineAgents(serve)) === fleetSize, {
    what: `${fleetSize} agents online`,
  });
  const whole = parts.move();
  return fleet;
}

async function onlineAgents(serve: ServeUnderTest): Promise<number> {
  const views = await fetchViews(serve);
  return views.filter(({ axes }) => axes.link.value === "online").length;
}

/** What `/api/agents` says of an agent, as far as the matrix reads it. */
export interface AgentShown {
  readonly agent_id: string;
  readonly status: string;
  readonly current_task?: string;
  readonly last_seen?: string;
  readonly queued: number;
  readonly axes: { readonly link: { readonly value: string } };
  readonly commands: readonly {
    readonly command_id: string;
    readonly stream_seq: number;
    readonly receipts: readonly { readonly state: string }[];
  }[];
}

export async function fetchViews(serve: ServeUnderTest): Promise<AgentShown[]> {
  const response = await serve.current().fetch("/api/agents", { signal: AbortSignal.timeout(2_000) });
  if (!response.ok) throw new Error(`/api/agents: ${response.status}`);
  return (await response.json()) as AgentShown[];
}

export function urlOf({ port }: TcpProxy): string {
  return `nats://127.0.0.1:${port}`;
}

function portOf(url: string): number {
  return url === "" ? 0 : Number(new URL(url).port);
}

/** From the file in which `serve` writes down the nats-server it has started. */
async function pidOfOwnNats(dataDir: string): Promise<number> {
  const run = JSON.parse(await readFile(join(dataDir, "nats", "run.json"), "utf8")) as { pid: number };
  return run.pid;
}
