// This room runs a fleet for a long time, and kills parts of it meanwhile (`bun run soak`).
//
// Runs a fleet for a long time: agents leave, are killed and return, and commands are sent all the time; serve and nats-server are killed
// and restarted. At the end every command must have an outcome, and nothing may still grow.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pause } from "../../waiting.ts";
import type { BenchChild } from "../child.ts";
import type { FleetOptions, FleetOrder } from "../programs/fleet.ts";
import { startProgram } from "../programs/start-program.ts";
import type { BenchContext } from "../scenario.ts";
import { type MeasuredServe, startMeasuredServe } from "../serve.ts";
import { waitUntil } from "../wait.ts";
import { countOutcomes, type Outcomes, startSending } from "./commands.ts";
import { type Check, checkFlat, checkMemory, measureRest, type RestPoint, sampleMemory } from "./measure.ts";
import type { MemorySample } from "./memory-trend.ts";
import { type ScriptedCli, startScriptedCli } from "./scripted-cli.ts";

export interface SoakReport {
  readonly minutes: number;
  readonly agents: number;
  readonly bridges: number;
  readonly sent: number;
  readonly outcomes: Outcomes;
  readonly returns: number;
  readonly kills: number;
  readonly before: RestPoint;
  readonly after: RestPoint;
  /** Samples from the last kill of serve or nats-server on. */
  readonly memory: readonly MemorySample[];
  readonly checks: readonly Check[];
}

export interface SoakOptions extends Pick<BenchContext, "program" | "self" | "log" | "note"> {
  readonly minutes: number;
  /** The number of agents. A tenth of them have real bridges. */
  readonly agents: number;
  readonly signal: AbortSignal;
}

export const defaultSoakAgents = 200;
const bridgesShare = 0.1;
const pace = { heartbeatS: 5, eventS: 5, callS: 10 };
const churnEveryMs = 700;
const awayShare = 0.1;
const killBridgeEvery = 10;
const commandEveryMs = 100;
/** The first part of the run, which is the warm-up. serve and nats-server are killed in it. */
const warmUpShare = 0.3;
const noteEveryMs = 30_000;

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { minutes, agents, note, signal } = options;
  const bridges = Math.ceil(agents * bridgesShare);
  const dir = await mkdtemp(join(tmpdir(), "cliai-soak-"));
  try {
    await using parts = new AsyncDisposableStack();
    const runMs = minutes * 60_000;
    const allOnline = () => untilAllOnline(serve, agents);
    const first = await startMeasuredServe({ ...options, dir }, parts);
    const natsPort = Number(new URL(first.natsUrl).port);
    let serve = first;
    const names = Array.from({ length: agents - bridges }, (_, n) => `soak-${n}`);
    const fleet = await startFleet(options, serve, parts, names);
    const clis: ScriptedCli[] = [];
    for (let n = 0; n < bridges; n += 1) clis.push(await startScriptedCli(options, serve, `soak-cli-${n}`));
    parts.defer(async () => {
      await Promise.all(clis.map((cli) => cli.stop()));
    });
    let bus = await serve.connect("soak");
    await allOnline();
    note(`soak: ${agents} agents are online, ${bridges} of them by real bridges`);

    const sender = startSending(() => bus, [...names, ...clis.map(({ id }) => id)], commandEveryMs);
    const churn = createChurn(fleet, names, clis);
    const startedMs = performance.now();
    await churn.runFor((runMs * warmUpShare) / 2, signal, note);
    await killNats(serve);
    note("soak: nats-server was killed");
    await churn.runFor((runMs * warmUpShare) / 4, signal, note);
    serve.child.kill("SIGKILL");
    await serve.child.end();
    serve = await startMeasuredServe({ ...options, dir }, parts, { natsPort });
    bus = await serve.connect("soak");
    note("soak: serve was killed and restarted");
    await churn.runFor((runMs * warmUpShare) / 4, signal, note);

    const rest = async () => {
      churn.bringAllBack();
      await allOnline();
      return await measureRest(serve, bus, system, runMs);
    };
    const system = await serve.connectSystem();
    const before = await rest();
    note(`soak: at rest ${JSON.stringify(before)}`);
    const sampling = sampleMemory(serve, startedMs, runMs);
    await churn.runFor(runMs * (1 - warmUpShare), signal, note);
    const memory = await sampling.stop();
    await sender.stop();
    churn.bringAllBack();
    await allOnline();
    let outcomes = await countOutcomes(bus, sender.sent);
    await waitUntil(
      async () => {
        outcomes = await countOutcomes(bus, sender.sent);
        return sumOf(outcomes) >= sender.sent.size;
      },
      { what: "every command has its end", deadlineMs: 60_000, everyMs: 1_000 },
    ).catch(() => undefined); // the check below says what is missing
    const after = await rest();
    const { malformed } = (await (await serve.fetch("/readyz")).json()) as { malformed: number };
    const sum = `${sender.sent.size} sent, ${JSON.stringify(outcomes)}`;
    return {
      ...{ minutes, agents, bridges, outcomes, before, after, memory },
      sent: sender.sent.size,
      ...churn.counts(),
      checks: [
        { what: "the counters add up", isOk: sumOf(outcomes) === sender.sent.size, detail: sum },
        { what: "no command failed", isOk: outcomes.failed === 0, detail: sum },
        {
          what: "every outcome occurred",
          isOk: outcomes.applied * outcomes.refused * outcomes.expired > 0,
          detail: sum,
        },
        { what: "every message was decoded", isOk: malformed === 0, detail: `${malformed} malformed` },
        ...checkMemory(memory, runMs),
        ...checkFlat(before, after),
      ],
    };
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function sumOf({ applied, refused, expired, failed }: Outcomes): number {
  return applied + refused + expired + failed;
}

async function startFleet(
  options: SoakOptions,
  serve: MeasuredServe,
  parts: AsyncDisposableStack,
  names: readonly string[],
): Promise<BenchChild> {
  const creds: Record<string, string> = {};
  for (const name of names) creds[name] = await serve.mintCreds(name);
  const credsPath = join(serve.dataDir, "bench-fleet.json");
  await writeFile(credsPath, JSON.stringify(creds), { mode: 0o600 });
  const fleetOptions: FleetOptions = { url: serve.natsUrl, pace, takesCommands: true, credsPath };
  return await startProgram(options, parts, "fleet", fleetOptions);
}

interface Churn {
  runFor(ms: number, signal: AbortSignal, note: (text: string) => void): Promise<void>;
  bringAllBack(): void;
  counts(): { returns: number; kills: number };
}

/** Makes agents leave, half of them without a goodbye, and return. Now and then it kills a real bridge. */
function createChurn(fleet: BenchChild, names: readonly string[], clis: readonly ScriptedCli[]): Churn {
  const away: string[] = [];
  let [returns, kills, turns] = [0, 0, 0];
  const order = (what: FleetOrder) => fleet.write(`${JSON.stringify(what)}\n`);
  const back = () => {
    const id = away.shift();
    if (id === undefined) return;
    returns += 1;
    order({ start: id });
  };
  const turn = () => {
    turns += 1;
    const id = names[Math.floor(Math.random() * names.length)] ?? "";
    if (!away.includes(id)) {
      const goodbye = turns % 2 === 0;
      if (!goodbye) kills += 1;
      order({ end: id, goodbye });
      away.push(id);
    }
    if (away.length > names.length * awayShare) back();
    if (turns % killBridgeEvery !== 0) return;
    kills += 1;
    clis[Math.floor(Math.random() * clis.length)]?.kill();
  };
  return {
    async runFor(ms, signal, note) {
      const startedMs = performance.now();
      let notedMs = startedMs;
      while (performance.now() - startedMs < ms) {
        signal.throwIfAborted();
        turn();
        await pause(churnEveryMs);
        if (performance.now() - notedMs < noteEveryMs) continue;
        notedMs = performance.now();
        note(`soak: ${returns} returns, ${kills} kills, ${away.length} away`);
      }
    },
    bringAllBack() {
      while (away.length > 0) back();
    },
    counts: () => ({ returns, kills }),
  };
}

async function killNats(serve: MeasuredServe): Promise<void> {
  const pid = await serve.natsPid();
  if (pid === undefined) throw new Error("serve has no nats-server");
  process.kill(pid, "SIGKILL");
  await waitUntil(async () => ((await serve.natsPid()) ?? pid) !== pid, {
    what: "nats-server is restarted",
  });
}

async function untilAllOnline(serve: MeasuredServe, agents: number): Promise<void> {
  const allOnline = async () => {
    const known = (await (await serve.fetch("/api/agents")).json()) as {
      axes: { link: { value: string } };
    }[];
    return known.filter(({ axes }) => axes.link.value === "online").length === agents;
  };
  await waitUntil(allOnline, { what: `${agents} agents are online`, deadlineMs: 60_000, everyMs: 500 });
}

export function soakText({ checks, ...facts }: SoakReport): string {
  const { minutes, agents: of, bridges: real, sent, returns, kills } = facts;
  const width = Math.max(...checks.map(({ what }) => what.length));
  return [
    `${minutes} minutes, ${of} agents (${real} by real bridges), ${sent} commands, ${returns} returns, ${kills} kills`,
    ...checks.map(
      ({ what, isOk, detail }) => `${isOk ? "ok    " : "FAILED"} ${what.padEnd(width)}  ${detail}`,
    ),
  ].join("\n");
}
