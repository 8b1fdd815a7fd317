// A flood of what cannot be understood, over every subject that the server reads: counted to the last one, answered where
// an answer is asked for, and neither kept in memory nor poured into alerts and audit; what of it was stored as an order is
// removed again.
import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { connect, createInbox, type NatsConnection } from "nats";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import {
  agentOrderTopics,
  agentReportTopics,
  agentSubject,
  toolCallSubject,
} from "../../src/domain/wire/subjects.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { testNatsServer } from "../support/nats.ts";
import { waitFor } from "../support/wait-for.ts";

const messages = 100_000;
const connections = 3;
/** So many that the queue of each, bounded at 1,000, takes all of its orders. */
const agents = 100;
/** How much the flood may add to the memory of a server that has taken a tenth of it before. */
const mostGrowth = 1.5;

const payloads = [
  "",
  "not json",
  "[1,2,3]",
  "null",
  '{"agent_id":"-bad id-","reason":1}',
  '{"agent_id":"somebody-else","status":7,"type":"explode","tool":7,"command_id":"bad id","text":3,"deadline_s":"x","kind":1,"reason":1}',
  `${'{"a":'.repeat(100)}1${"}".repeat(100)}`,
  "\u0000\uffff",
  `"${"x".repeat(2_000)}"`,
].map((text) => new TextEncoder().encode(text));
const invalidUtf8 = new Uint8Array([0xff, 0xfe, 0x7b, 0x7d]);
const allPayloads = [...payloads, invalidUtf8];

/** The n-th subject: each topic of each agent, and their tool calls, in turn. */
function subjectOf(n: number): { readonly subject: string; readonly asks: boolean } {
  const id = parseAgentId(`flood-${Math.floor(n / 9) % agents}`);
  const topics = [...agentReportTopics, ...agentOrderTopics];
  const topic = topics[n % 9];
  if (topic !== undefined) return { subject: agentSubject(id, topic), asks: false };
  return n % 9 === 7 ? { subject: toolCallSubject(id), asks: true } : { subject: "tools.call", asks: true };
}

interface Flood {
  readonly asked: number;
  readonly answered: () => number;
}

/** Publishes a part of the flood, and hears the answers. */
async function flood(nc: NatsConnection, from: number, count: number): Promise<Flood> {
  const inbox = createInbox();
  let asked = 0;
  let answered = 0;
  nc.subscribe(inbox, {
    callback: (_, message) => {
      const { success, error } = message.json<{ success: boolean; error: string }>();
      if (!success && error.length > 0 && !error.includes("\n")) answered += 1;
    },
  });
  for (let n = from; n < from + count; n += 1) {
    const { subject, asks } = subjectOf(n);
    if (asks) asked += 1;
    const data = allPayloads[n % allPayloads.length] ?? invalidUtf8;
    nc.publish(subject, data, asks ? { reply: inbox } : {});
    if (n % 2_000 === 0) await nc.flush();
  }
  await nc.flush();
  return { asked, answered: () => answered };
}

async function malformedCount(serve: RunningServe): Promise<number> {
  const health = (await (await serve.fetch("/readyz")).json()) as { malformed: number };
  return health.malformed;
}

/** Resident memory of a process. */
async function residentBytes(pid: number): Promise<number> {
  if (process.platform === "linux") {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1024;
}

test("100,000 malformed messages are counted exactly, answered where asked, and leave memory, alerts and audit bounded", async () => {
  await using serve = await startServe({
    args: ["--insecure"],
    env: { CLIAI_NATS_SERVER: await testNatsServer() },
  });
  await using parts = new AsyncDisposableStack();
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const nc = await connect({ servers: serve.natsUrl });
      parts.defer(() => nc.close());
      return nc;
    }),
  );
  const floodAll = async (from: number, count: number) => {
    const share = Math.ceil(count / connections);
    const floods = await Promise.all(
      clients.map((nc, n) => flood(nc, from + n * share, Math.min(share, count - n * share))),
    );
    const asked = floods.reduce((sum, each) => sum + each.asked, 0);
    await waitFor(async () => (await malformedCount(serve)) >= from + count, {
      what: `${from + count} counted`,
      // Some 6 s; ten times that on a busy machine.
      deadlineMs: 90_000,
      intervalMs: 100,
      saw: () => malformedCount(serve),
    });
    const answered = () => floods.reduce((sum, each) => sum + each.answered(), 0);
    await waitFor(() => answered() === asked, {
      what: `${asked} answers`,
      saw: answered,
    });
  };

  const beganMs = performance.now();
  await floodAll(0, messages / 10);
  const before = await residentBytes(serve.child.pid);
  await floodAll(messages / 10, messages - messages / 10);
  expect(await malformedCount(serve)).toBe(messages);
  // What the flood needed for the moment is given back some seconds later; what is kept would stay.
  const memoryIsBack = () =>
    waitFor(async () => (await residentBytes(serve.child.pid)) < before * mostGrowth, {
      what: `memory as it was before, ${before} bytes`,
      intervalMs: 500,
      saw: () => residentBytes(serve.child.pid),
    });
  await memoryIsBack();

  const [nc] = clients;
  const manager = await nc?.jetstreamManager();
  const orders = async () => (await manager?.streams.info("COMMANDS"))?.state.messages;
  await waitFor(async () => (await orders()) === 0, {
    what: "no order is kept that nobody can make anything of",
    deadlineMs: 90_000,
    intervalMs: 500,
    saw: orders,
  });
  await memoryIsBack();
  const audit = await manager?.streams.info("AUDIT", { subjects_filter: ">" });
  const subjects = Object.entries(audit?.state.subjects ?? {});
  const countOf = (start: string) =>
    subjects.filter(([subject]) => subject.startsWith(start)).reduce((sum, [, count]) => sum + count, 0);
  const lastedS = (performance.now() - beganMs) / 1000;
  // 100 at once, 10 a second after that, and one count of the rest each second.
  expect(countOf("audit.malformed")).toBeLessThan(100 + lastedS * 11);
  // One alert for each agent and kind, counted, and told again at most once a second.
  expect(countOf("dashboard.alert")).toBeLessThan(2 * (agents + 1) * lastedS);

  const health = await serve.fetch("/readyz");
  expect(health.status).toBe(200);
}, 400_000);
