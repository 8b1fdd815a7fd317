// What each sync setting of JetStream's store costs on this machine's disk: `bun tests/bench/sync.ts [rounds]`. Not a test.
// The settings take turns in each round, so that what else the machine does falls on all of them.
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import process from "node:process";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { buildServerConfig } from "../../src/nats/child/server-config.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { openBucket } from "../../src/nats/jetstream/bucket.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import { testServerBinary } from "../support/nats.ts";
import { freePorts } from "../support/nats-cluster.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const settings = ["2m", "1s", "always"];
const commands = 200;
const burst = 500;
const auditRecords = 3_000;
const inFlight = 500;

/** Milliseconds of each of the runs of one act, or records a second. */
type Samples = Map<string, Map<string, number[]>>;

async function withServer(sync: string, act: (bus: Bus) => Promise<void>): Promise<void> {
  await using dir = await tempDir();
  const [port = 0] = await freePorts(1);
  await mkdir(dir.join("js"));
  const { path, version } = await testServerBinary();
  const options = {
    serverVersion: version,
    serverName: "bench",
    port,
    storeDir: dir.join("js"),
    portsDir: dir.path,
  };
  await writeFile(dir.join("c"), buildServerConfig({ ...options, maxPayloadBytes: 8_388_608, sync }));
  const child = spawn(path, ["-c", dir.join("c")], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    const url = `nats://127.0.0.1:${port}`;
    const bus = await waitFor(() => connectBus({ url, name: "bench", log: silentLogger }), { what: url });
    await ensureStreams(bus, { replicas: 1 });
    await act(bus);
    await bus.close();
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

async function measure(bus: Bus, note: (what: string, value: number) => void): Promise<void> {
  const timed = async (what: string, act: () => Promise<unknown>) => {
    const startedMs = performance.now();
    await act();
    note(what, performance.now() - startedMs);
  };
  const text = "x".repeat(300);
  const bucket = await openBucket(bus, "agents", { replicas: 1 });
  for (let i = 0; i < commands; i += 1) {
    const id = `c${i}`;
    await timed("a command stored, one after another (ms)", () =>
      bus.publishStored(`agent.a${i % 20}.command`, { type: "task", payload: text, command_id: id }, { id }),
    );
    await timed("a receipt stored (ms)", () =>
      bus.publishStored(`agent.a${i % 20}.receipt`, { command_id: id, state: "delivered" }, { id: `r${i}` }),
    );
    await timed("a key of a bucket written (ms)", () => bucket.put(`a${i % 20}`, { text, i }));
  }
  await Promise.all(
    Array.from({ length: burst }, (_, i) =>
      timed("a command stored, 500 at once (ms)", () =>
        bus.publishStored(`agent.b${i}.command`, { type: "task", payload: text }, { id: `b${i}` }),
      ),
    ),
  );
  await timed("the records of 1,000 agents written at once (ms)", () =>
    Promise.all(Array.from({ length: 1_000 }, (_, i) => bucket.put(`n${i}`, { text, i }))),
  );
  const startedMs = performance.now();
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < auditRecords; i = next++)
      await bus.publishStored(`agent.a${i % 20}.event`, { kind: "activity", detail: text });
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  note("events into the audit (a second)", (auditRecords / (performance.now() - startedMs)) * 1_000);
}

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
const rounded = (value: number) => (value < 100 ? value.toFixed(2) : value.toFixed(0)).padStart(9);

function report(samples: Samples): string {
  const lines: string[] = [];
  for (const [what, bySetting] of samples) {
    lines.push(
      "",
      what,
      `${" ".repeat(8)}${["p50", "p95", "p99", "max", "p50 : 2m"].map((w) => w.padStart(9)).join("")}`,
    );
    const base = quantile(
      [...(bySetting.get("2m") ?? [])].sort((a, b) => a - b),
      0.5,
    );
    for (const [sync, values] of bySetting) {
      const sorted = values.toSorted((a, b) => a - b);
      const cells = [0.5, 0.95, 0.99, 1].map((q) => rounded(quantile(sorted, q))).join("");
      lines.push(`${sync.padEnd(8)}${cells}${rounded(quantile(sorted, 0.5) / base)}`);
    }
  }
  return lines.join("\n");
}

const rounds = Number(process.argv[2] ?? 3);
const samples: Samples = new Map();
for (let round = 0; round < rounds; round += 1) {
  for (const sync of settings) {
    await withServer(sync, (bus) =>
      measure(bus, (what, value) => {
        const bySetting = samples.get(what) ?? new Map<string, number[]>();
        samples.set(what, bySetting);
        bySetting.set(sync, [...(bySetting.get(sync) ?? []), value]);
      }),
    );
    process.stderr.write(`round ${round + 1} of ${rounds}: ${sync}\n`);
  }
}
process.stdout.write(`${report(samples)}\n`);
