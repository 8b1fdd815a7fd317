// `bun run bench:live [sessions]`: many real Claude Code sessions at once, headless and offline, against a scripted model: how soon all of them
// are at work beside the bare CLI, what a task, a pause and a stop take, what is left afterwards, and the memory and CPU time of each process.
// Not a test.
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { findChild, readCpuMs, readMemory } from "../../src/bench/process-facts.ts";
import { summarize } from "../../src/bench/statistics.ts";
import type { ShownAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { claudePath, prepareClaude } from "../support/claude-code.ts";
import { startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash, launchHeadless } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { childrenOf, commandLine, descendants } from "./live/processes.ts";
import { followReceipts } from "./live/receipts.ts";

const count = Number(process.argv[2] ?? 50);
const deadlineMs = 600_000;
/** Seldom, because to be asked often slows down what is measured. */
const lookEveryMs = 250;
/** More than `giveBackStartMemory` (src/runtime.ts) waits. */
const startIsOverMs = 12_000;
const parts = ["CLI", "host", "bridge"] as const;
type Part = (typeof parts)[number];
const bareArgs = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];

await using model = await startModelServer({ fallback: { text: "Yes." } });
// The first session on a machine reads its program from the disk.
await startBare(["warming up"]);
const ids = Array.from({ length: count }, (_, n) => `live-${n}`);
const bare = await startBare(ids);
await using serve = await startServe();
await using receipts = await followReceipts(serve);
await using sessions = new AsyncDisposableStack();
const begunMs = performance.now();
const agents = await Promise.all(ids.map((id) => startOurs(id)));
const oursMs = await atWorkMs(ids, begunMs, "ours");
print(`all ${count} at work: bare CLI`, bare.atWorkMs, "ms");
print(`all ${count} at work: ours`, oursMs, "ms");
print("ours ÷ bare", oursMs / bare.atWorkMs, "");

await everyAgent("are idle", ({ status }) => status === "idle");
await printCpu();
// Hosts and bridges give back what only their start needed.
await delay(startIsOverMs);
await printMemory();
await printTasks();
await printPause();
await printStop();

/** Starts sessions of the bare CLI, and ends them when all have had their answer. */
async function startBare(names: readonly string[]): Promise<{ atWorkMs: number; cpuMs: number }> {
  await using started = new AsyncDisposableStack();
  const begun = performance.now();
  const children = await Promise.all(
    names.map(async (id) => {
      const dir = started.use(await tempDir());
      const { work, env } = await prepareClaude(dir, model);
      const child = started.use(await startChild(claudePath(), bareArgs, { cwd: work, env }));
      child.write(
        `${JSON.stringify({ type: "user", message: { role: "user", content: promptOf(id, "bare") } })}\n`,
      );
      return child;
    }),
  );
  const atWork = await atWorkMs(names, begun, "bare");
  await Promise.all(children.map((child) => child.line(/"type":"result"/, { deadlineMs })));
  const cpu = await Promise.all(children.map(({ pid }) => readCpuMs(pid)));
  return { atWorkMs: atWork, cpuMs: summarize(cpu).median };
}

function startOurs(id: string) {
  const args = ["--task", promptOf(id, "ours")];
  const claudeArgs = ["--allowedTools", "Bash"];
  return launchHeadless(serve, { id, model, args, claudeArgs }).then((each) => sessions.use(each));
}

function promptOf(id: string, side: string): string {
  return `Say yes, ${id} of ${side}.`;
}

/** Milliseconds until the model has been asked with the prompt of each session. */
async function atWorkMs(names: readonly string[], begun: number, side: string): Promise<number> {
  const left = new Set(names.map((id) => promptOf(id, side)));
  let seen = 0;
  await waitFor(
    () => {
      for (const { newText } of model.requests.slice(seen))
        for (const prompt of left) if (newText.includes(prompt)) left.delete(prompt);
      seen = model.requests.length;
      return left.size === 0;
    },
    { what: `all sessions of ${side} are at work`, deadlineMs, saw: () => [...left] },
  );
  return performance.now() - begun;
}

/** What a value has of each session's processes: the median of all sessions. */
async function mediansOf(read: (pid: number) => Promise<number>): Promise<Record<Part | "ours", number>> {
  const children = await childrenOf();
  const sums = await Promise.all(
    agents.map(async ({ child }) => {
      const sum = { CLI: 0, host: 0, bridge: 0 };
      for (const pid of [child.pid, ...descendants(children, child.pid)]) {
        const part = partOf(await commandLine(pid));
        if (part !== undefined) sum[part] += await read(pid);
      }
      return { ...sum, ours: sum.host + sum.bridge };
    }),
  );
  const median = (part: Part | "ours") => summarize(sums.map((each) => each[part])).median;
  return { CLI: median("CLI"), host: median("host"), bridge: median("bridge"), ours: median("ours") };
}

async function printCpu(): Promise<void> {
  const cpu = await mediansOf(readCpuMs);
  print("CPU of each session until it is idle: bare CLI", bare.cpuMs, "ms");
  for (const part of parts) print(`CPU of each session until it is idle: ${part}`, cpu[part], "ms");
  for (const [name, pid] of await serverProcesses())
    print(`CPU until all are idle, for each session: ${name}`, (await readCpuMs(pid)) / count, "ms");
}

async function printMemory(): Promise<void> {
  const whole = await mediansOf(async (pid) => (await readMemory(pid)).pssMb);
  const own = await mediansOf(async (pid) => (await readMemory(pid)).anonymousMb);
  for (const part of parts) {
    print(`memory of each idle session: ${part}`, whole[part], "MB");
    print("  of that, its own", own[part], "MB");
  }
  print("memory of each idle session: host and bridge", whole.ours, "MB");
}

async function serverProcesses(): Promise<(readonly [name: string, pid: number])[]> {
  const nats = await findChild(serve.child.pid, "nats-server");
  return [
    ["serve", serve.child.pid] as const,
    ...(nats === undefined ? [] : [["nats-server", nats] as const]),
  ];
}

async function printTasks(): Promise<void> {
  const begun = performance.now();
  await Promise.all(
    ids.map((id) => order(id, { type: "task", text: "Say yes again.", command_id: `task-${id}` })),
  );
  await printSteps("task", `a task to all ${count} at once`, begun);
}

async function printPause(): Promise<void> {
  model.setScript({
    rules: [{ match: /asked you to stop/, turn: { text: "I stop." } }],
    fallback: bash("sleep 0.2"),
  });
  await Promise.all(
    ids.map((id) => order(id, { type: "task", text: "Work without end.", command_id: `work-${id}` })),
  );
  await everyAgent("work", ({ status }) => status === "working");
  print("a round of a turn, all at work: a tool call and its answer", await roundMs(), "ms");
  const begun = performance.now();
  await Promise.all(ids.map((id) => order(id, { type: "pause", command_id: `pause-${id}` })));
  print(`a pause to all ${count}: the server has all orders`, performance.now() - begun, "ms");
  await printSteps("pause", `a pause to all ${count}`, begun);
}

/** How long a session takes from one request to its model to the next, while all of them work. */
async function roundMs(): Promise<number> {
  const begun = performance.now();
  const before = model.requests.length;
  await waitFor(() => model.requests.length - before >= 3 * count, { what: "three rounds", deadlineMs });
  return ((performance.now() - begun) * count) / (model.requests.length - before);
}

async function printStop(): Promise<void> {
  const children = await childrenOf();
  const all = agents.flatMap(({ child }) => [child.pid, ...descendants(children, child.pid)]);
  const begun = performance.now();
  await Promise.all(ids.map((id) => order(id, { type: "stop", command_id: `stop-${id}` })));
  const ended = Promise.all(agents.map(({ child }) => child.exit(deadlineMs)));
  await printSteps("stop", `a stop to all ${count}`, begun);
  await ended;
  print(`a stop to all ${count}, until their hosts have ended`, performance.now() - begun, "ms");
  const left = (await Promise.all(all.map(commandLine))).filter((line) => line !== "");
  print(`of ${all.length} processes, left`, left.length, "");
}

/** Prints how long the orders took, which have the ids `ORDER-AGENT`, until each of these receipts. */
async function printSteps(order: string, what: string, begun: number): Promise<void> {
  for (const state of ["delivered", "applied"] as const) {
    const at = await Promise.all(ids.map((id) => receipts.arrival(`${order}-${id}`, state)));
    const { median, max } = summarize(at.map((ms) => ms - begun));
    print(`${what}, until ${state}: p50`, median, "ms");
    print("  the last", max, "ms");
  }
}

async function everyAgent(what: string, fits: (agent: ShownAgent) => boolean): Promise<void> {
  const seen = new Set<string>();
  const look = async () => {
    const fleet = (await (await serve.fetch("/api/agents")).json()) as readonly ShownAgent[];
    for (const agent of fleet) if (fits(agent)) seen.add(agent.agent_id);
    return seen.size === count;
  };
  await waitFor(look, { what: `all ${what}`, deadlineMs, intervalMs: lookEveryMs, saw: () => seen.size });
}

async function order(id: string, body: object): Promise<void> {
  const response = await serve.fetch(`/api/agents/${id}/commands`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
}

function partOf(line: string): Part | undefined {
  if (/ spawn /.test(line)) return "host";
  if (/ bridge /.test(line)) return "bridge";
  // Claude gives its process a name of its own, without its arguments.
  return /^(\S*\/)?claude\b/.test(line) ? "CLI" : undefined;
}

function print(what: string, value: number, unit: string): void {
  const number = value.toFixed(unit === "ms" ? 0 : 2).padStart(10);
  process.stdout.write(`${`${what.padEnd(64)}${number} ${unit}`.trimEnd()}\n`);
}
