// Measures how much memory fifty bridges take at once, against fifty bare SDK servers.

import { pause } from "../../waiting.ts";
import { bridgeEnvironment, startMeasuredBridge } from "../bridge.ts";
import { type BenchChild, startBenchChild } from "../child.ts";
import { initializeMcp } from "../mcp-client.ts";
import { readMemory, whyNoProcessFacts } from "../process-facts.ts";
import { type BenchContext, buildRow, type Note, type Scenario } from "../scenario.ts";
import { startMeasuredServe } from "../serve.ts";
import { sumOf } from "../statistics.ts";
import { waitUntil } from "../wait.ts";

const bridges = { full: 50, short: 12 };
/** How many are started at the same time. More would only wait for each other. */
const startedAtOnce = 4;
const settleMs = 3_000;
/** With `settleMs` more than `giveBackStartMemory` (src/runtime.ts) waits: then a bridge has given back what only its start needed. */
const givenBackMs = 8_000;

export const bridgeMemory: Scenario = {
  name: "bridge-memory",
  title: "memory of 50 bridges at once (12 in the short form), each",
  rounds: { full: 2, short: 1 },
  isInShort: true,
  absent: ({ workshop }) =>
    whyNoProcessFacts() ??
    (workshop === undefined ? "its limit has to be compiled, which needs a source checkout" : undefined),
  async prepare(context, parts) {
    const bare = (await context.workshop?.compile("mcp-server")) ?? "";
    const serve = await startMeasuredServe(context, parts);
    const count = context.isShort ? bridges.short : bridges.full;
    const environments = await Promise.all(
      Array.from({ length: count }, (_, n) => bridgeEnvironment(serve, `holder-${n}`)),
    );
    const onlineCount = async () => {
      const agents = (await (await serve.fetch("/api/agents")).json()) as AgentShown[];
      return agents.filter(({ axes }) => axes.link.value === "online").length;
    };
    return [
      {
        name: "bare",
        measure: (note) => measureTogether(context, count, () => startBenchChild([bare], []), note, "bare"),
      },
      {
        name: "ours",
        measure: (note) => {
          const start = (n: number) => startMeasuredBridge(context, environments[n] ?? {});
          const settled = async () => {
            await waitUntil(async () => (await onlineCount()) === count, {
              what: `${count} bridges are online`,
            });
            await pause(givenBackMs);
          };
          return measureTogether(context, count, start, note, "ours", settled);
        },
      },
    ];
  },
  judge: (samples) => [
    buildRow({
      what: "proportional set size",
      unit: "MB",
      ours: samples.of("ours pss"),
      limit: samples.of("bare pss"),
      targets: [{ of: "ratio", most: 1.25, reached: 1.45 }],
      remark: "limit: the MCP SDK with one tool, compiled alike",
    }),
    buildRow({
      what: "anonymous memory",
      unit: "MB",
      ours: samples.of("ours anonymous"),
      limit: samples.of("bare anonymous"),
      targets: [{ of: "ratio", most: 1.25, reached: 1.45 }],
    }),
  ],
};

interface AgentShown {
  readonly axes: { readonly link: { readonly value: string } };
}

async function measureTogether(
  context: BenchContext,
  count: number,
  start: (n: number) => Promise<BenchChild>,
  note: Note,
  name: string,
  settled: () => Promise<void> = async () => undefined,
): Promise<void> {
  await using running = new AsyncDisposableStack();
  const children: BenchChild[] = [];
  for (let n = 0; n < count; n += startedAtOnce) {
    const some = Array.from({ length: Math.min(startedAtOnce, count - n) }, async (_, i) => {
      const child = running.use(await start(n + i));
      await initializeMcp(child);
      children.push(child);
    });
    await Promise.all(some);
  }
  await settled();
  await pause(settleMs);
  const memories = await Promise.all(children.map(({ pid }) => readMemory(pid)));
  note(`${name} pss`, sumOf(memories.map(({ pssMb }) => pssMb)) / count);
  note(`${name} anonymous`, sumOf(memories.map(({ anonymousMb }) => anonymousMb)) / count);
  context.note(`${count} ${name} measured`);
}
