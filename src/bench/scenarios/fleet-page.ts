// Measures the fleet page in a real Chromium while a fleet works: how soon it is there, what the browser's main thread takes for it, what is
// sent to it, and how soon it shows what a person waits for. The agents are simulated; four more are steered by the bench.
import { join } from "node:path";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject, toolCallSubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { pause } from "../../waiting.ts";
import { heartbeat, statusReport } from "../agent-messages.ts";
import { type BrowserPage, openBrowserPage, recordTrace } from "../browser/browser-page.ts";
import { type DevTools, startChromium } from "../browser/chromium.ts";
import { findChromium } from "../browser/find-chromium.ts";
import { readTrace } from "../browser/trace.ts";
import { agentsOnline, startFleet } from "../programs/start-fleet.ts";
import {
  type BenchContext,
  measuredRow,
  type Note,
  type Row,
  type Samples,
  type Scenario,
  type Target,
} from "../scenario.ts";
import { type MeasuredServe, startMeasuredServe } from "../serve.ts";
import type { Pace } from "../simulated-agent.ts";
import { waitUntil } from "../wait.ts";

interface Fleet {
  /** Its name in rows and metrics. */
  readonly name: string;
  readonly size: number;
  readonly pace: Pace;
  /** Within what the page must show what a person waits for, p95 in ms. */
  readonly soonMs: number;
}
const fleets: readonly Fleet[] = [
  // Ten events a second each; ten statuses and twenty heartbeats a second in all.
  { name: "100 agents", size: 100, pace: { heartbeatS: 5, eventS: 0.1, statusS: 10 }, soonMs: 250 },
  // 300 events, 20 statuses and 200 heartbeats a second in all.
  { name: "1,000 agents", size: 1_000, pace: { heartbeatS: 5, eventS: 10 / 3, statusS: 50 }, soonMs: 400 },
];
/** The page shows 200 agents of a group, unless a person asks for all. */
const wholePage = { name: "1,000 agents, all rows", path: "/?all=1" };

/** The agents that the bench steers. Their names stand before those of the fleet, so their rows are always on the page. */
const steered = ["ada", "bob", "cid"] as const;
const commanded = parseAgentId("sim-0");
const instance = "bench-run";
const intervalS = 3_600;

const full = { loads: 10, traceMs: 10_000, probeRounds: 40 };
const short = { loads: 3, traceMs: 3_000, probeRounds: 5 };
const settleMs = 3_000;
const scrollPx = 4_000;
const probeEveryMs = 150;
const onlineWithinMs = 180_000;
const shownWithinMs = 60_000;

const isPainted = `document.querySelector("html.live") !== null &&
  performance.getEntriesByName("first-contentful-paint").length > 0`;
const paintedMs = `performance.getEntriesByName("first-contentful-paint")[0].startTime`;

/** What is timed until the page shows it. A person waits for the first three. */
const changes = [
  ["a question is on the page", "question"],
  ["a status is on the page", "status"],
  ["a task is sent, stored and carried out, and its last receipt is on the page", "receipt"],
  ["another change is on the page", "other"],
] as const;

export const fleetPage: Scenario = {
  name: "page",
  title: "the fleet page in Chromium while a fleet works",
  rounds: { full: 3, short: 1 },
  isInShort: false,
  absent: whyNoChromium,
  prepare: async (context) =>
    (context.isShort ? fleets.slice(0, 1) : fleets).map((fleet) => ({
      name: fleet.name,
      measure: (note) => measureFleet(context, fleet, note),
    })),
  judge: (samples) => [
    ...fleets.flatMap((fleet) => [...pageRows(fleet.name, samples), ...changeRows(fleet, samples)]),
    ...pageRows(wholePage.name, samples),
  ],
};

function whyNoChromium(): string | undefined {
  try {
    findChromium(process.env);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function pageRows(name: string, samples: Samples): Row[] {
  const row = (what: string, unit: Row["unit"], metric: string, targets: readonly Target[] = []) =>
    measuredRow(samples, { what: `${name}: ${what}`, unit, ours: `${name} ${metric}`, targets });
  return [
    ...row("first paint", "ms", "paint", [{ of: "p95", most: 1_000 }]),
    ...row("CPU of a patch with its frame", "ms", "patch", [{ of: "p95", most: 16 }]),
    ...row("CPU of the page, of one core", "%", "cpu"),
    ...row("CPU of a frame, scrolled", "ms", "frame"),
    ...row("CPU of the longest frame of each second, scrolled", "ms", "longest", [{ of: "p99", most: 100 }]),
    ...row("CPU of the page, scrolled, of one core", "%", "scrolled cpu"),
    ...row("sent to the page", "KB a second", "bytes", [{ of: "median", most: 60 }]),
  ];
}

function changeRows({ name, soonMs }: Fleet, samples: Samples): Row[] {
  return changes.flatMap(([what, metric]) =>
    measuredRow(samples, {
      ...{ what: `${name}: ${what}`, unit: "ms", ours: `${name} ${metric}` },
      targets: [{ of: "p95", most: metric === "other" ? 500 : soonMs }],
    }),
  );
}

async function measureFleet(context: BenchContext, fleet: Fleet, note: Note): Promise<void> {
  await using parts = new AsyncDisposableStack();
  const say = (metric: string, value: number) => note(`${fleet.name} ${metric}`, value);
  // A directory of its own for each round, because the ids of the probes are the same in each.
  const dataDir = join(context.dir, `data-${fleet.size}-${crypto.randomUUID()}`);
  // A second between two writings to the disk, because the page is measured here, and not the disk.
  const serve = await startMeasuredServe(context, parts, { dataDir, args: ["--sync", "1s"] });
  const bus = await serve.connect("bench");
  await startFleet(context, serve, parts, { count: fleet.size - steered.length, pace: fleet.pace });
  for (const id of steered) beat(bus, parseAgentId(id), { seq: 1, task: "dig" });
  await waitUntil(async () => (await agentsOnline(serve)) === fleet.size, {
    ...{ what: `${fleet.size} agents are online`, deadlineMs: onlineWithinMs },
  });
  const tools = await startChromium(findChromium(process.env), parts);
  const open = () => openBrowserPage(tools, { Authorization: `Bearer ${serve.token}` });
  const page = await open();
  const sizes = context.isShort ? short : full;
  await measurePage({ tools, page, url: `${serve.url}/`, ...sizes }, say);
  context.note(`page: ${fleet.name}: the page is measured`);

  const orders = await open();
  await orders.open(`${serve.url}/agents/${commanded}/commands`, isPainted);
  for (let round = 0; round < sizes.probeRounds; round += 1) {
    const probes = probesOf({ serve, bus, page, orders }, round);
    for (const [, metric] of changes) {
      say(metric, await probes[metric]());
      // A random pause, so that the probes are not in step with the updates of the page.
      await pause(probeEveryMs * (0.5 + Math.random()));
    }
  }
  if (fleet.size < 1_000) return;
  context.note(`page: ${wholePage.name}`);
  await measurePage({ tools, page, url: serve.url + wholePage.path, ...sizes }, (metric, value) =>
    note(`${wholePage.name} ${metric}`, value),
  );
}

interface Opened {
  readonly tools: DevTools;
  readonly page: BrowserPage;
  readonly url: string;
  readonly loads: number;
  readonly traceMs: number;
}

async function measurePage({ tools, page, url, loads, traceMs }: Opened, say: Note): Promise<void> {
  for (let n = 0; n < loads; n += 1) {
    await page.open(url, isPainted);
    say("paint", await page.evaluate(paintedMs));
  }
  await pause(settleMs);
  const resting = await traced(tools, page, () => pause(traceMs));
  say("bytes", resting.bytes / resting.tookMs);
  say("cpu", resting.cpuShare);
  for (const ms of resting.patches) say("patch", ms);
  const scrolled = await traced(tools, page, async () => {
    const begunMs = performance.now();
    for (let down = true; performance.now() - begunMs < traceMs; down = !down)
      await page.scroll(down ? scrollPx : -scrollPx);
  });
  say("scrolled cpu", scrolled.cpuShare);
  for (const ms of scrolled.frames) say("frame", ms);
  for (const ms of scrolled.longest) say("longest", ms);
}

async function traced(tools: DevTools, page: BrowserPage, act: () => Promise<void>) {
  const begunMs = performance.now();
  const bytesBefore = page.bytes();
  let tookMs = 0;
  let bytes = 0;
  const events = await recordTrace(tools, page, async () => {
    await act();
    // Both before the trace is read, which takes a while.
    tookMs = performance.now() - begunMs;
    bytes = page.bytes() - bytesBefore;
  });
  const { frames, longest, patches, cpuMs } = readTrace(events);
  return { frames, longest, patches, tookMs, bytes, cpuShare: (cpuMs / tookMs) * 100 };
}

function beat(bus: Bus, id: Id, { seq, task }: { readonly seq: number; readonly task: string }): void {
  bus.publish(agentSubject(id, "heartbeat"), heartbeat(id, { instance, seq, intervalS, task }));
}

interface Probed {
  readonly serve: MeasuredServe;
  readonly bus: Bus;
  readonly page: BrowserPage;
  /** The page with the orders of the agent that is commanded. */
  readonly orders: BrowserPage;
}

type Probe = () => Promise<number>;

/** Each makes a change, and resolves to how many ms later it is shown in the browser. */
function probesOf(
  { serve, bus, page, orders }: Probed,
  round: number,
): Readonly<Record<(typeof changes)[number][1], Probe>> {
  const text = `probe-${round}-end`;
  const [ada, bob, cid] = steered.map(parseAgentId) as [Id, Id, Id];
  const shownAfter = async (shown: Promise<number>, act: () => unknown) => {
    const sentMs = Date.now();
    const [shownAtMs] = await Promise.all([shown, act()]);
    return shownAtMs - sentMs;
  };
  const onRow = (id: Id) => page.awaitTexts(`#agent-${id}`, [text], shownWithinMs);
  return {
    async question() {
      const request = { request_id: text, instance_id: instance, tool: "ask_human" };
      const call = { ...request, arguments: { question: text, wait_s: 0 } };
      const tookMs = await shownAfter(onRow(cid), () =>
        bus.request(toolCallSubject(cid), call, { timeoutMs: shownWithinMs }),
      );
      await answerAll(serve);
      return tookMs;
    },
    status: () =>
      shownAfter(onRow(ada), () =>
        bus.publish(
          agentSubject(ada, "status"),
          statusReport(ada, text, round % 2 === 0 ? "idle" : "working"),
        ),
      ),
    receipt() {
      const item = `#command-${text}`;
      const done = `${item}[data-state=applied], ${item}[data-state=refused]`;
      return shownAfter(orders.awaitTexts(done, [], shownWithinMs), () =>
        post(serve, `/api/agents/${commanded}/commands`, { type: "task", text, command_id: text }),
      );
    },
    other: () => shownAfter(onRow(bob), () => beat(bus, bob, { seq: round + 2, task: text })),
  };
}

type Id = ReturnType<typeof parseAgentId>;

async function answerAll(serve: MeasuredServe): Promise<void> {
  const open = (await (await serve.fetch("/api/requests")).json()) as readonly { request_id: string }[];
  for (const { request_id } of open)
    await post(serve, `/api/requests/${encodeURIComponent(request_id)}/answer`, { text: "yes" });
}

async function post(serve: MeasuredServe, path: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await serve.fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
}
