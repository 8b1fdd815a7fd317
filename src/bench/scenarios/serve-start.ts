// Measures how long serve takes to be ready: at its first start, which unpacks nats-server; at a later start; and with the store of a
// large fleet, read from the beginning or from the last position. The limit is nats-server alone on the same store.
import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import { pause } from "../../waiting.ts";
import { agentEvent, heartbeat } from "../agent-messages.ts";
import { connectRaw } from "../programs/raw-nats.ts";
import { type BenchContext, buildRow, type Row, type Samples, type Scenario } from "../scenario.ts";
import { startMeasuredServe, unpackedServer } from "../serve.ts";
import { waitUntil } from "../wait.ts";

const largeAgents = 1_000;
const largeRecords = 1_000_000;
const inFlight = 2_000;
const repeats = { full: 3, short: 2 };

export const serveStart: Scenario = {
  name: "serve-start",
  title: "serve: start → ready",
  rounds: { full: 3, short: 2 },
  isInShort: true,
  absent: ({ program }) =>
    program.length > 1 ? "the measured program has no nats-server inside" : undefined,
  async prepare(context) {
    const small = join(context.dir, "small");
    const large = join(context.dir, "large");
    await timeServe(context, small);
    const isWithLarge = !context.isShort;
    let cold = 0;
    const several = async (act: () => Promise<void>) => {
      for (let n = 0; n < (context.isShort ? repeats.short : repeats.full); n += 1) await act();
    };
    const sides = [
      {
        name: "nats-server",
        measure: (note: (metric: string, value: number) => void) =>
          several(async () => note("nats", await timeNats(small))),
      },
      {
        name: "serve",
        measure: (note: (metric: string, value: number) => void) =>
          several(async () => {
            cold += 1;
            note("cold", await timeServe(context, join(context.dir, `cold-${cold}`)));
            note("warm", await timeServe(context, small));
          }),
      },
    ];
    if (!isWithLarge) return sides;
    let round = 0;
    const large_ = {
      name: "large",
      measure: async (note: (metric: string, value: number) => void) => {
        round += 1;
        if (round > 1) return;
        await fillStore(context, large);
        note("large nats", await timeNats(large));
        note("rebuild", await timeServe(context, large));
        for (let n = 0; n < 2; n += 1) {
          note("large nats", await timeNats(large));
          note("large warm", await timeServe(context, large));
        }
      },
    };
    return [...sides, large_];
  },
  judge: (samples) => [
    buildRow({
      what: "cold: unpacks nats-server",
      unit: "ms",
      ours: samples.of("cold"),
      limit: samples.of("nats"),
    }),
    ...warmRows(samples, "warm", "nats", "warm", 400),
    ...(samples.has("rebuild") ? largeRows(samples) : []),
  ],
};

function warmRows(samples: Samples, metric: string, natsMetric: string, what: string, most: number): Row[] {
  const [ours, nats] = [samples.of(metric), samples.of(natsMetric)];
  const alone = nats.toSorted((a, b) => a - b)[Math.floor(nats.length / 2)] ?? 0;
  return [
    buildRow({ what, unit: "ms", ours, limit: nats, remark: "limit: nats-server alone on the same store" }),
    buildRow({
      what: `${what}, over nats-server's own`,
      unit: "ms",
      ours: ours.map((ms) => ms - alone),
      targets: [{ of: "median", most }],
    }),
  ];
}

function largeRows(samples: Samples): Row[] {
  const of = `${largeAgents.toLocaleString("en")} agents, ${largeRecords.toLocaleString("en")} records`;
  return [
    buildRow({
      what: `rebuild: ${of}, none of them read yet`,
      unit: "ms",
      ours: samples.of("rebuild"),
      limit: samples.of("large nats"),
      targets: [{ of: "median", most: 6_000 }],
    }),
    ...warmRows(samples, "large warm", "large nats", `warm: ${of}`, 300),
  ];
}

async function timeServe(context: BenchContext, dataDir: string): Promise<number> {
  await using parts = new AsyncDisposableStack();
  return (await startMeasuredServe(context, parts, { dataDir })).readyMs;
}

/** The time from exec until nats-server has written that it listens. */
async function timeNats(dataDir: string): Promise<number> {
  await using nats = await startNatsAlone(dataDir);
  return nats.readyMs;
}

interface NatsAlone extends AsyncDisposable {
  readonly readyMs: number;
  readonly url: string;
}

/** Starts nats-server with the configuration that serve has left in the directory. */
async function startNatsAlone(dataDir: string): Promise<NatsAlone> {
  const path = (await unpackedServer(dataDir)) ?? "";
  const dir = join(dataDir, "nats");
  const startedMs = performance.now();
  const child = spawn(path, ["-c", join(dir, "nats-server.conf")], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  const ports = join(dir, `${basename(path)}_${child.pid}.ports`);
  let url = "";
  const look = async () => {
    const said = JSON.parse(await readFile(ports, "utf8")) as { nats?: string[] };
    url = said.nats?.[0] ?? "";
    return url !== "";
  };
  await waitUntil(look, { what: "nats-server listens", everyMs: 2 });
  return {
    readyMs: performance.now() - startedMs,
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await ended;
      clearTimeout(timer);
      await rm(ports, { force: true });
    },
  };
}

/** Makes the agents known to serve, ends it, and then stores their events while it is away. */
async function fillStore(context: BenchContext, dataDir: string): Promise<void> {
  const ids = Array.from({ length: largeAgents }, (_, n) => parseAgentId(`agent-${n}`));
  let creds = "";
  {
    await using parts = new AsyncDisposableStack();
    const serve = await startMeasuredServe(context, parts, { dataDir, args: ["--sync", "2m"] });
    creds = serve.operatorCreds;
    const bus = await serve.connect("bench");
    for (const id of ids) {
      bus.publish(agentSubject(id, "heartbeat"), heartbeat(id, { instance: "large", seq: 1, intervalS: 15 }));
    }
    await bus.flush();
    const known = async () =>
      ((await (await serve.fetch("/api/agents")).json()) as unknown[]).length === largeAgents;
    await waitUntil(known, { what: `${largeAgents} agents are known` });
    await pause(3_000); // serve creates their consumers and records
  }
  await using nats = await startNatsAlone(dataDir);
  const connection = await connectRaw({ url: nats.url, creds });
  const jetstream = connection.jetstream();
  const utf8 = new TextEncoder();
  for (let n = 0; n < largeRecords; n += inFlight) {
    const some = Array.from({ length: inFlight }, (_, i) => {
      const id = ids[(n + i) % largeAgents] ?? parseAgentId("agent-0");
      return jetstream.publish(
        agentSubject(id, "event"),
        utf8.encode(JSON.stringify(agentEvent(id, n + i))),
        {
          timeout: 30_000,
        },
      );
    });
    await Promise.all(some);
  }
  await connection.close();
  context.note(`serve-start: ${largeRecords} records are stored`);
}
