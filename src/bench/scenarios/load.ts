// Measures a fleet at work: each agent sends a heartbeat and an event every second and calls a tool every five seconds, and five pages
// are open. Some agents are real bridges; the others are simulated in one process, with the same traffic.
import { join } from "node:path";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject, dashboardAlertSubject } from "../../domain/wire/subjects.ts";
import { pause } from "../../waiting.ts";
import { agentEvent, statusReport } from "../agent-messages.ts";
import { bridgeEnvironment, startMeasuredBridge } from "../bridge.ts";
import type { BenchChild } from "../child.ts";
import { initializeMcp, type McpClient } from "../mcp-client.ts";
import { openFleetPage } from "../page.ts";
import { readCpuMs, readMemory, whyNoProcessFacts } from "../process-facts.ts";
import { agentsOnline, startFleet } from "../programs/start-fleet.ts";
import { type BenchContext, buildRow, type Note, type Row, type Scenario } from "../scenario.ts";
import { type MeasuredServe, startMeasuredServe } from "../serve.ts";
import type { Deeds } from "../simulated-agent.ts";
import { waitUntil } from "../wait.ts";

interface Fleet {
  /** Its name in rows and metrics. */
  readonly name: string;
  readonly size: number;
  readonly args: readonly string[];
}
const fleets: readonly Fleet[] = [
  { name: "100 agents", size: 100, args: [] },
  { name: "300 agents", size: 300, args: [] },
  { name: "1,000 agents", size: 1_000, args: [] },
  // The setting that docs/performance.md recommends for a fleet of this size without a fast disk.
  { name: "1,000 agents, --sync 1s", size: 1_000, args: ["--sync", "1s"] },
];
/** How many agents of each fleet are real bridges. A bridge takes about 20 MB. */
const realBridges = 50;
const pages = 5;
const settleMs = 4_000;
const windowMs = 20_000;
const probeEveryMs = 330;
const startedAtOnce = 4;

export const load: Scenario = {
  name: "load",
  title: `fleets at work (${realBridges} of each are real bridges, the others simulated), ${pages} pages open`,
  rounds: { full: 1, short: 1 },
  isInShort: false,
  absent: whyNoProcessFacts,
  prepare: async (context) =>
    fleets.map((fleet) => ({ name: fleet.name, measure: (note) => measureFleet(context, fleet, note) })),
  judge: (samples) => [
    ...fleets.flatMap(({ name }) => rowsOf(name, (metric) => samples.of(`${name} ${metric}`))),
    buildRow({
      what: "CPU of serve and nats-server for one agent: 1,000 to 100",
      unit: "%",
      ours: [costOfOne(1_000, samples.of("1,000 agents cpu"))],
      limit: [costOfOne(100, samples.of("100 agents cpu"))],
      targets: [{ of: "ratio", most: 1.2, reached: 0.35 }],
      remark: "limit: what one of 100 agents costs; 1 would be linear",
    }),
  ],
};

function costOfOne(size: number, cpu: readonly number[]): number {
  return (cpu[0] ?? Number.NaN) / size;
}

function rowsOf(name: string, of: (metric: string) => readonly number[]): Row[] {
  const row = (what: string, unit: Row["unit"], metric: string, targets: Row["targets"] = []) =>
    buildRow({ what: `${name}: ${what}`, unit, ours: of(metric), targets });
  return [
    row("a change is on the page", "ms", "page", [{ of: "p95", most: 250 }]),
    row("sent to one page", "KB a second", "page bytes"),
    row("tool call of a real bridge", "ms", "bridge call"),
    row("tool call of a simulated agent", "ms", "simulated call"),
    row("agents missed or late", "count", "missed", [{ of: "median", most: 0 }]),
    row("serve, memory", "MB", "serve memory", [{ of: "median", most: 150 }]),
    row("nats-server, memory", "MB", "nats memory", [{ of: "median", most: 100 }]),
    row("CPU of serve, of one core", "%", "serve cpu"),
    row("CPU of nats-server, of one core", "%", "nats cpu"),
  ];
}

async function measureFleet(context: BenchContext, { name, size, args }: Fleet, note: Note): Promise<void> {
  await using parts = new AsyncDisposableStack();
  const say = (metric: string, value: number) => note(`${name} ${metric}`, value);
  const dataDir = join(context.dir, `data-${fleets.findIndex((fleet) => fleet.name === name)}`);
  const serve = await startMeasuredServe(context, parts, { dataDir, args });
  const bridges = await startBridges(context, serve, parts);
  const pace = { heartbeatS: 1, eventS: 1, callS: 5 };
  const fleet = await startFleet(context, serve, parts, { count: size - bridges.length, pace });
  const bus = await serve.connect("bench");
  const nats = (await serve.natsPid()) ?? 0;
  await waitUntil(async () => (await agentsOnline(serve)) === size, {
    what: `${size} agents are online`,
    deadlineMs: 60_000,
  });
  context.note(`load: ${name} are online`);
  let alerts = 0;
  const onAlert = () => {
    alerts += 1;
  };
  parts.defer(bus.subscribe(dashboardAlertSubject, onAlert));
  await using open = new AsyncDisposableStack();
  const pagesOpen = await Promise.all(
    Array.from({ length: pages }, async () => open.use(await openFleetPage(serve))),
  );

  const stopTalking = talkThroughBridges(bridges, (ms) => say("bridge call", ms));
  await pause(settleMs);
  await deedsOf(fleet);
  const before = { serve: await readCpuMs(serve.child.pid), nats: await readCpuMs(nats), alerts };
  const startedMs = performance.now();
  const sentBefore = pagesOpen[0]?.bytes() ?? 0;
  const probe = parseAgentId("sim-0");
  for (let n = 0; performance.now() - startedMs < windowMs; n += 1) {
    const text = `probe-${n}-end`;
    const sentMs = performance.now();
    const seen = pagesOpen.map(async (page) => say("page", (await page.awaitText(text)) - sentMs));
    bus.publish(agentSubject(probe, "status"), statusReport(probe, text));
    await Promise.race([Promise.all(seen), pause(5_000)]);
    // A random pause, so that the probes are not in step with the updates of the page.
    await pause(probeEveryMs * (0.5 + Math.random()));
  }
  const tookMs = performance.now() - startedMs;
  say("page bytes", ((pagesOpen[0]?.bytes() ?? 0) - sentBefore) / tookMs);
  const share = (now: number, then: number) => ((now - then) / tookMs) * 100;
  const serveCpu = share(await readCpuMs(serve.child.pid), before.serve);
  const natsCpu = share(await readCpuMs(nats), before.nats);
  say("serve cpu", serveCpu);
  say("nats cpu", natsCpu);
  say("cpu", serveCpu + natsCpu);
  say("serve memory", (await readMemory(serve.child.pid)).pssMb);
  say("nats memory", (await readMemory(nats)).pssMb);
  const deeds = await deedsOf(fleet);
  for (const ms of deeds.callMs) say("simulated call", ms);
  say("missed", size - (await agentsOnline(serve)) + (alerts - before.alerts) + deeds.failedCalls);
  stopTalking();
}

interface LoadedBridge {
  readonly child: BenchChild;
  readonly client: McpClient;
}

async function startBridges(
  context: BenchContext,
  serve: MeasuredServe,
  parts: AsyncDisposableStack,
): Promise<LoadedBridge[]> {
  const bridges: LoadedBridge[] = [];
  for (let n = 0; n < realBridges; n += startedAtOnce) {
    const some = Array.from({ length: Math.min(startedAtOnce, realBridges - n) }, async (_, i) => {
      const env = await bridgeEnvironment(serve, `real-${n + i}`);
      const child = parts.use(await startMeasuredBridge(context, env, { heartbeatS: 1 }));
      bridges.push({ child, client: await initializeMcp(child) });
    });
    await Promise.all(some);
  }
  return bridges;
}

/** Acts as the CLI of each real bridge: logs an activity every second, and times every fifth call. */
function talkThroughBridges(bridges: readonly LoadedBridge[], onCall: (ms: number) => void): () => void {
  let isOver = false;
  const talk = async ({ client }: LoadedBridge) => {
    await pause(Math.random() * 1_000);
    for (let n = 0; !isOver; n += 1) {
      const startedMs = performance.now();
      await client.callTool("log_activity", { action: agentEvent(parseAgentId("real"), n).detail });
      const tookMs = performance.now() - startedMs;
      if (n % 5 === 0) onCall(tookMs);
      await pause(Math.max(0, 1_000 - tookMs));
    }
  };
  for (const bridge of bridges) void talk(bridge).catch(() => undefined); // the bridge has ended, so its agent counts as missed
  return () => {
    isOver = true;
  };
}

async function deedsOf(fleet: BenchChild): Promise<Deeds> {
  fleet.write("deeds\n");
  return JSON.parse(await fleet.nextLine()) as Deeds;
}
