// What a soak measures: open files, consumers, subscriptions and idle CPU at two moments of rest with the same agents, and memory during
// the whole run. If something is kept that is no longer needed, one of them grows. The judging is pure.
import { streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { consumerNames } from "../../nats/jetstream/consumers.ts";
import { pause } from "../../waiting.ts";
import { countOpenFiles, readCpuMs, readMemory } from "../process-facts.ts";
import type { MeasuredServe } from "../serve.ts";
import { type MemorySample, memoryTrend } from "./memory-trend.ts";

export interface RestPoint {
  readonly serve_files: number;
  readonly nats_files: number;
  readonly command_consumers: number;
  readonly audit_consumers: number;
  readonly connections: number;
  readonly subscriptions: number;
  /**
   * In percent of one core, with only the agents' heartbeats to handle: the least of some spans, because other work of the moment and of the
   * machine only adds to it. Forgotten timers show in each span.
   */
  readonly serve_idle_cpu: number;
}

export interface Check {
  readonly what: string;
  readonly isOk: boolean;
  readonly detail: string;
}

const idleSpans = 4;
/** A rest is no longer, and no longer than this share of the run: memory falls while the fleet rests, which would look like growth afterwards. */
const longestRestMs = 20_000;
const restShare = 0.04;
const samplesOfARun = 400;
const shortestSampleMs = 250;
/** Allowed growth, because a short-lived file, connection or subscription may exist at the moment of the measuring. */
const countSlack = 3;
const cpuSlack = 5;

export async function measureRest(
  serve: MeasuredServe,
  bus: Bus,
  system: Bus,
  runMs: number,
): Promise<RestPoint> {
  const nats = await serve.natsPid();
  if (nats === undefined) throw new Error("serve has no nats-server");
  const { pid } = serve.child;
  const idleCpu: number[] = [];
  const spanMs = Math.min(longestRestMs, restShare * runMs) / idleSpans;
  for (let span = 0; span < idleSpans; span += 1) idleCpu.push(await cpuShare(pid, spanMs));
  const { connections, subscriptions } = await readStats(system);
  return {
    serve_files: await countOpenFiles(pid),
    nats_files: await countOpenFiles(nats),
    command_consumers: (await consumerNames(bus, streams.commands)).size,
    audit_consumers: (await consumerNames(bus, streams.audit)).size,
    connections,
    subscriptions,
    serve_idle_cpu: Math.min(...idleCpu) * 100,
  };
}

/** The part of one core that a process uses in the next `ms`. */
async function cpuShare(pid: number, ms: number): Promise<number> {
  const cpuBefore = await readCpuMs(pid);
  const startedMs = performance.now();
  await pause(ms);
  return ((await readCpuMs(pid)) - cpuBefore) / (performance.now() - startedMs);
}

async function readStats(system: Bus): Promise<{ connections: number; subscriptions: number }> {
  const answer = await system.request("$SYS.REQ.SERVER.PING.STATSZ", {}, { timeoutMs: 5_000 });
  const { statsz } = JSON.parse(new TextDecoder().decode(answer)) as {
    statsz: { connections: number; subscriptions: number };
  };
  return statsz;
}

export interface MemorySampling {
  /** Takes the last sample. Resolves to all samples. */
  stop(): Promise<MemorySample[]>;
}

/** @param startedMs when the run began, by `performance.now()` */
export function sampleMemory(serve: MeasuredServe, startedMs: number, runMs: number): MemorySampling {
  const samples: MemorySample[] = [];
  let isOver = false;
  const run = async () => {
    const nats = await serve.natsPid();
    if (nats === undefined) throw new Error("serve has no nats-server");
    while (!isOver) {
      samples.push({
        atS: (performance.now() - startedMs) / 1_000,
        serve_mb: (await readMemory(serve.child.pid)).pssMb,
        nats_mb: (await readMemory(nats)).pssMb,
      });
      await pause(Math.max(shortestSampleMs, runMs / samplesOfARun));
    }
  };
  const done = run();
  done.catch(() => undefined); // stop() reports it
  return {
    async stop() {
      isOver = true;
      await done;
      return samples;
    },
  };
}

export function checkMemory(samples: readonly MemorySample[], runMs: number): Check[] {
  return (["serve_mb", "nats_mb"] as const).map((name) => {
    const { floorsMb, growthMb, mostMb, overS } = memoryTrend(samples, name, runMs / 1_000);
    const perHour = ((growthMb / overS) * 3_600).toFixed(0);
    const grows = `grows by ${growthMb.toFixed(1)} in ${overS.toFixed(0)} s (${perHour} an hour); at most ${mostMb.toFixed(1)}`;
    const floors = floorsMb.map((value) => value.toFixed(1)).join(" ");
    return { what: `${name} has come to rest`, isOk: growthMb <= mostMb, detail: `${floors}: ${grows}` };
  });
}

export function checkFlat(before: RestPoint, after: RestPoint): Check[] {
  return (Object.keys(before) as (keyof RestPoint)[]).map((name) => {
    const [first, last] = [before[name], after[name]];
    const most = first + (name === "serve_idle_cpu" ? cpuSlack : countSlack);
    const shown = (value: number) => value.toFixed(Number.isInteger(value) ? 0 : 1);
    return {
      what: `${name} stays`,
      isOk: last <= most,
      detail: `${shown(first)}, then ${shown(last)}; at most ${shown(most)}`,
    };
  });
}
