// What a run of the soak looks at: memory, open files, consumers, subscriptions and idle CPU at two moments of rest with the
// same agents there. What is kept without need would show between them. The judgement is pure.
import { streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { consumerNames } from "../../nats/jetstream/streams.ts";
import { pause } from "../../waiting.ts";
import { countOpenFiles, readCpuMs, readMemory } from "../process-facts.ts";
import type { MeasuredServe } from "../serve.ts";

export interface RestPoint {
  readonly serve_mb: number;
  readonly nats_mb: number;
  readonly serve_files: number;
  readonly nats_files: number;
  readonly command_consumers: number;
  readonly audit_consumers: number;
  readonly connections: number;
  readonly subscriptions: number;
  /** Of one core, with nothing to do but the agents' heartbeats: what timers there are shows here. */
  readonly serve_idle_cpu: number;
}

export interface Check {
  readonly what: string;
  readonly isOk: boolean;
  readonly detail: string;
}

const idleMs = 5_000;
/** What a process may hold more than before: its heap is tidied when it likes. */
const memoryGrowth = 1.25;
const memorySlackMb = 10;
/** A file, a connection or a subscription that comes and goes may be met in the act. */
const countSlack = 3;
const cpuSlack = 5;

export async function measureRest(serve: MeasuredServe, bus: Bus, system: Bus): Promise<RestPoint> {
  const nats = await serve.natsPid();
  if (nats === undefined) throw new Error("serve has no nats-server");
  const { pid } = serve.child;
  const cpuBefore = await readCpuMs(pid);
  const startedMs = performance.now();
  await pause(idleMs);
  const idleCpu = ((await readCpuMs(pid)) - cpuBefore) / (performance.now() - startedMs);
  const { connections, subscriptions } = await readStats(system);
  return {
    serve_mb: (await readMemory(pid)).pssMb,
    nats_mb: (await readMemory(nats)).pssMb,
    serve_files: await countOpenFiles(pid),
    nats_files: await countOpenFiles(nats),
    command_consumers: (await consumerNames(bus, streams.commands)).size,
    audit_consumers: (await consumerNames(bus, streams.audit)).size,
    connections,
    subscriptions,
    serve_idle_cpu: idleCpu * 100,
  };
}

async function readStats(system: Bus): Promise<{ connections: number; subscriptions: number }> {
  const answer = await system.request("$SYS.REQ.SERVER.PING.STATSZ", {}, { timeoutMs: 5_000 });
  const { statsz } = JSON.parse(new TextDecoder().decode(answer)) as {
    statsz: { connections: number; subscriptions: number };
  };
  return statsz;
}

export function checkFlat(before: RestPoint, after: RestPoint): Check[] {
  return (Object.keys(before) as (keyof RestPoint)[]).map((name) => {
    const [first, last] = [before[name], after[name]];
    const most = name.endsWith("_mb")
      ? first * memoryGrowth + memorySlackMb
      : first + (name === "serve_idle_cpu" ? cpuSlack : countSlack);
    const shown = (value: number) => value.toFixed(Number.isInteger(value) ? 0 : 1);
    return {
      what: `${name} stays`,
      isOk: last <= most,
      detail: `${shown(first)}, then ${shown(last)}; at most ${shown(most)}`,
    };
  });
}
