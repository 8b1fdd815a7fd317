// `bun run bench:live [sessions]`: many real Claude Code sessions at once, headless and offline, against a scripted model: how soon all of them
// are at work beside the bare CLI, what a task, a pause and a stop take, what is left afterwards, and the memory of each process. Not a test.
import { readdir, readFile } from "node:fs/promises";
import process from "node:process";
import { readMemory } from "../../src/bench/process-facts.ts";
import { summarize } from "../../src/bench/statistics.ts";
import type { ShownAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { claudePath, prepareClaude } from "../support/claude-code.ts";
import { startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash, type Headless, startHeadless } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const count = Number(process.argv[2] ?? 50);
const deadlineMs = 600_000;
const ids = Array.from({ length: count }, (_, n) => `live-${n}`);
const bareArgs = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];

await using model = await startModelServer({ fallback: { text: "Yes." } });
const bareMs = await startBare();
await using serve = await startServe();
await using sessions = new AsyncDisposableStack();
const begunMs = performance.now();
const agents = await Promise.all(ids.map((id) => startOurs(id)));
const oursMs = await atWorkMs(begunMs, "ours");
print(`all ${count} at work: bare CLI`, bareMs, "ms");
print(`all ${count} at work: ours`, oursMs, "ms");
print("ours ÷ bare", oursMs / bareMs, "");

await everyAgent("are idle", ({ status }) => status === "idle");
await printMemory();
await printTasks();
await printPause();
await printStop();

/** Resolves to the time until the model was asked for all sessions of the bare CLI. They are ended then. */
async function startBare(): Promise<number> {
  await using parts = new AsyncDisposableStack();
  const begun = performance.now();
  await Promise.all(
    ids.map(async (id) => {
      const dir = parts.use(await tempDir());
      const { work, env } = await prepareClaude(dir, model);
      const child = parts.use(await startChild(claudePath(), bareArgs, { cwd: work, env }));
      child.write(
        `${JSON.stringify({ type: "user", message: { role: "user", content: promptOf(id, "bare") } })}\n`,
      );
    }),
  );
  return await atWorkMs(begun, "bare");
}

async function startOurs(id: string): Promise<Headless> {
  const args = ["--task", promptOf(id, "ours")];
  const claudeArgs = ["--allowedTools", "Bash"];
  return sessions.use(await startHeadless(serve, { id, model, args, claudeArgs }));
}

function promptOf(id: string, side: string): string {
  return `Say yes, ${id} of ${side}.`;
}

/** Milliseconds until the model has been asked with the prompt of each session. */
async function atWorkMs(begun: number, side: string): Promise<number> {
  const asked = (id: string) => model.requests.some(({ newText }) => newText.includes(promptOf(id, side)));
  const left = new Set(ids);
  await waitFor(
    () => {
      for (const id of left) if (asked(id)) left.delete(id);
      return left.size === 0;
    },
    { what: `all sessions of ${side} are at work`, deadlineMs, saw: () => [...left] },
  );
  return performance.now() - begun;
}

async function printMemory(): Promise<void> {
  const children = await childrenOf();
  const parts = await Promise.all(
    agents.map(async ({ child }) => {
      const all = [child.pid, ...descendants(children, child.pid)];
      const named = await Promise.all(all.map(async (pid) => ({ pid, line: await commandLine(pid) })));
      const sumOf = async (fits: (line: string) => boolean) => {
        const sizes = await Promise.all(
          named.filter(({ line }) => fits(line)).map(({ pid }) => readMemory(pid)),
        );
        return sizes.reduce((sum, { pssMb }) => sum + pssMb, 0);
      };
      return {
        host: await sumOf((line) => / spawn /.test(line)),
        bridge: await sumOf((line) => / bridge /.test(line)),
        cli: await sumOf(isClaude),
      };
    }),
  );
  for (const part of ["cli", "host", "bridge"] as const)
    print(`memory of each idle session: ${part}`, summarize(parts.map((each) => each[part])).median, "MB");
  const ours = parts.map(({ host, bridge }) => host + bridge);
  print("memory of each idle session: host and bridge", summarize(ours).median, "MB");
}

async function printTasks(): Promise<void> {
  const begun = performance.now();
  await Promise.all(
    ids.map((id) => order(id, { type: "task", text: "Say yes again.", command_id: `task-${id}` })),
  );
  const took = await everyAgent("have carried out their task", isApplied("task"), begun);
  const { median, p95, max } = summarize(took);
  print(`a task to all ${count} at once, until applied: p50`, median, "ms");
  print("the same: p95", p95, "ms");
  print("the same: the last", max, "ms");
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
  const begun = performance.now();
  await Promise.all(ids.map((id) => order(id, { type: "pause", command_id: `pause-${id}` })));
  const took = await everyAgent("are paused", isApplied("pause"), begun);
  print(`a pause to all ${count}, until applied: the last`, Math.max(...took), "ms");
}

async function printStop(): Promise<void> {
  const children = await childrenOf();
  const all = agents.flatMap(({ child }) => [child.pid, ...descendants(children, child.pid)]);
  const begun = performance.now();
  await Promise.all(ids.map((id) => order(id, { type: "stop", command_id: `stop-${id}` })));
  await Promise.all(agents.map(({ child }) => child.exit(deadlineMs)));
  print(`a stop to all ${count}, until their hosts have ended`, performance.now() - begun, "ms");
  const left = (await Promise.all(all.map(commandLine))).filter((line) => line !== "");
  print(`of ${all.length} processes, left`, left.length, "");
}

/**
 * Asks for the whole fleet, and not for each agent, because many agents that are asked for again and again slow down what is measured.
 * @returns for each agent, how many ms after `begun` it was seen to fit
 */
async function everyAgent(
  what: string,
  fits: (agent: ShownAgent) => boolean,
  begun = performance.now(),
): Promise<number[]> {
  const seen = new Map<string, number>();
  const look = async () => {
    const fleet = (await (await serve.fetch("/api/agents")).json()) as readonly ShownAgent[];
    for (const agent of fleet)
      if (!seen.has(agent.agent_id) && fits(agent)) seen.set(agent.agent_id, performance.now() - begun);
    return seen.size === count;
  };
  await waitFor(look, { what: `all ${what}`, deadlineMs, saw: () => seen.size });
  return [...seen.values()];
}

function isApplied(order: string): (agent: ShownAgent) => boolean {
  return ({ agent_id, commands }) =>
    commands.some(
      ({ command_id, receipts }) =>
        command_id === `${order}-${agent_id}` && receipts.some(({ state }) => state === "applied"),
    );
}

async function order(id: string, body: object): Promise<void> {
  const response = await serve.fetch(`/api/agents/${id}/commands`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** The children of each process. */
async function childrenOf(): Promise<Map<number, number[]>> {
  const children = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/stat`, "utf8").catch(() => undefined); // it has just ended
    if (text === undefined) continue;
    const parent = Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

function descendants(children: ReadonlyMap<number, readonly number[]>, pid: number): number[] {
  return (children.get(pid) ?? []).flatMap((child) => [child, ...descendants(children, child)]);
}

async function commandLine(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""); // it has just ended
  return text.replaceAll("\0", " ");
}

/** Claude gives its process a name of its own, without its arguments. */
function isClaude(line: string): boolean {
  return /^(\S*\/)?claude\b/.test(line);
}

function print(what: string, value: number, unit: string): void {
  process.stdout.write(
    `${what.padEnd(64)}${value.toFixed(unit === "ms" ? 0 : 2).padStart(10)} ${unit}\n`.trimEnd(),
  );
  process.stdout.write("\n");
}
