// Measures the queue before a model server, with eight agents on one slot of a scripted server, beside the same agents without the queue. The
// rows show how fair the queue is (the longest request beside the median one), what it costs, and how often a prompt is in the server's cache.
import { letAgentsWork, openGates } from "../model-queue/agents-at-work.ts";
import { type ScriptedWork, startScriptedModelServer } from "../model-queue/scripted-server.ts";
import {
  type BenchContext,
  buildRow,
  type Note,
  type Row,
  type Samples,
  type Scenario,
} from "../scenario.ts";
import { startMeasuredServe } from "../serve.ts";
import { summarize } from "../statistics.ts";

interface Load extends ScriptedWork {
  /** Its name in rows and metrics. */
  readonly name: string;
}

const short: Load = { name: "short prompts", promptMs: 0, answerMs: 300 };
const long: Load = { name: "long prompts", promptMs: 400, answerMs: 40 };
const agents = 8;
const requestsOfEach = 4;
const all = agents * requestsOfEach;

export const modelQueue: Scenario = {
  name: "model-queue",
  title: `the queue before a model server: ${agents} agents on one slot, ${requestsOfEach} requests each`,
  rounds: { full: 3, short: 1 },
  isInShort: false,
  async prepare(context, parts) {
    const sides = [];
    for (const load of [short, long]) sides.push(...(await sidesOf(context, parts, load)));
    return sides;
  },
  judge: (samples) => [...fairnessRows(samples), ...wholeRows(samples), ...cacheRows(samples)],
};

async function sidesOf(context: BenchContext, parts: AsyncDisposableStack, load: Load) {
  const server = parts.use(await startScriptedModelServer(load));
  const dataDir = `${context.dir}/${load.name.replace(" ", "-")}`;
  const gates = await openGates(await startMeasuredServe(context, parts, { dataDir }), parts, {
    ...{ url: server.url, agents },
  });
  // With these requests each gate learns the server's slots, before it is measured.
  await letAgentsWork(gates, 1);
  const measure = (side: string, urls: readonly string[]) => async (note: Note) => {
    server.takeHits();
    const { wholeMs, tookMs } = await letAgentsWork(urls, requestsOfEach);
    const { max, median } = summarize(tookMs);
    note(`${load.name} ${side} whole`, wholeMs);
    note(`${load.name} ${side} longest`, max);
    note(`${load.name} ${side} median`, median);
    note(`${load.name} ${side} cached`, (server.takeHits() / all) * 100);
  };
  const own = Array.from({ length: agents }, () => server.url);
  return [
    { name: `${load.name}, without the queue`, measure: measure("unqueued", own) },
    { name: load.name, measure: measure("queued", gates) },
  ];
}

function fairnessRows(samples: Samples): Row[] {
  const row = (what: string, metric: string, targets: Row["targets"]) =>
    buildRow({
      ...{ what: `${what}: the longest request`, unit: "ms", targets },
      ours: samples.of(`${metric} longest`),
      limit: samples.of(`${metric} median`),
      remark: "limit: the median request of the same agents",
    });
  return [
    row(short.name, `${short.name} queued`, [{ of: "ratio", most: 1.5, reached: 1.2 }]),
    row(`${short.name}, without the queue`, `${short.name} unqueued`, []),
    // Two of three requests are answered at once, because their prompt is in the cache. So the median says nothing of a wait.
    row(long.name, `${long.name} queued`, []),
    row(`${long.name}, without the queue`, `${long.name} unqueued`, []),
  ];
}

function wholeRows(samples: Samples): Row[] {
  const row = (name: string, reached: number) =>
    buildRow({
      ...{ what: `${name}: all ${all} requests`, unit: "ms" },
      ours: samples.of(`${name} queued whole`),
      limit: samples.of(`${name} unqueued whole`),
      // 1.05 times as long is a throughput of 0.95.
      targets: [{ of: "ratio", most: 1.05, reached }],
      remark: "limit: the same agents without the queue",
    });
  return [row(short.name, 1.05), row(long.name, 0.7)];
}

function cacheRows(samples: Samples): Row[] {
  const row = (what: string, metric: string) =>
    buildRow({ what: `${what}: prompts in the cache`, unit: "%", ours: samples.of(metric) });
  return [
    row(long.name, `${long.name} queued cached`),
    row(`${long.name}, without the queue`, `${long.name} unqueued cached`),
  ];
}
