// Measures how many heartbeats, and how many statuses and events, serve takes into its state in a second. The limit is a raw subscriber
// that only decodes the JSON, on subjects and a stream of the same kind that serve does not read. The publisher is a process of its own.
import { streams } from "../../domain/wire/subjects.ts";
import { lastSequence } from "../../nats/jetstream/stream-messages.ts";
import { ingestAgent, instanceOf, type PublisherOptions, taskOf } from "../programs/publisher.ts";
import { startProgram } from "../programs/start-program.ts";
import type { SubscriberOptions } from "../programs/subscriber.ts";
import { buildRow, type Scenario, type Side } from "../scenario.ts";
import { type MeasuredServe, startMeasuredServe } from "../serve.ts";
import { waitUntil } from "../wait.ts";

type Kind = Exclude<PublisherOptions["kind"], "words">;

const agents = 100;
/** How many messages a round publishes: no more than nats-server holds for a slow reader, which is 64 MB. */
const counts: Readonly<Record<Kind, { full: number; short: number }>> = {
  heartbeat: { full: 100_000, short: 50_000 },
  report: { full: 8_000, short: 3_000 },
};
const withinMs = 120_000;
const rawRoot = "bench";

export const ingest: Scenario = {
  name: "ingest",
  title: "ingest: messages taken into the fleet's state",
  rounds: { full: 5, short: 2 },
  isInShort: true,
  async prepare(context, parts) {
    const serve = await startMeasuredServe(context, parts);
    const bus = await serve.connect("bench");
    const manager = await bus.connection.jetstreamManager();
    await manager.streams.add({ name: rawRoot, subjects: [`${rawRoot}.*.status`, `${rawRoot}.*.event`] });
    const connection = { url: serve.natsUrl, creds: serve.operatorCreds };
    let round = 0;

    /** The rate, from the first message that is published to the last that is taken. */
    const measure = async (kind: Kind, root: string, untilTaken: () => Promise<unknown>) => {
      await using own = new AsyncDisposableStack();
      const count = countOf(kind);
      const options: PublisherOptions = { ...connection, kind, root, agents, count, round };
      const child = await startProgram(context, own, "publisher", options);
      const startedMs = performance.now();
      child.write("go\n");
      await untilTaken();
      const tookMs = performance.now() - startedMs;
      await child.nextLine(withinMs);
      return (count / tookMs) * 1_000;
    };
    const countOf = (kind: Kind) => counts[kind][context.isShort ? "short" : "full"];
    const raw = (kind: Kind): Side => ({
      name: `raw ${kind}`,
      measure: async (note) => {
        round += 1;
        await using own = new AsyncDisposableStack();
        const subject = `${rawRoot}.*.${kind}`;
        const stream = kind === "report" ? { stream: rawRoot } : {};
        const options: SubscriberOptions = { ...connection, subject, ...stream, count: countOf(kind) };
        const subscriber = await startProgram(context, own, "subscriber", options);
        note(`raw ${kind}`, await measure(kind, rawRoot, () => subscriber.nextLine(withinMs)));
      },
    });
    const ours = (kind: Kind): Side => ({
      name: `ours ${kind}`,
      measure: async (note) => {
        round += 1;
        const storedBefore = await lastSequence(bus, streams.audit);
        note(
          `ours ${kind}`,
          await measure(kind, "agent", () => untilLastIsTaken(serve, kind, countOf(kind), round)),
        );
        await requireNoneLost(serve, kind, countOf(kind), round);
        const stored = (await lastSequence(bus, streams.audit)) - storedBefore;
        if (kind === "report" && stored < countOf(kind)) throw new Error(`only ${stored} reports are stored`);
      },
    });
    return [raw("heartbeat"), ours("heartbeat"), raw("report"), ours("report")];
  },
  judge: (samples) => [
    buildRow({
      what: "heartbeats",
      unit: "a second",
      ours: samples.of("ours heartbeat"),
      limit: samples.of("raw heartbeat"),
      targets: [
        { of: "ratio", least: 0.7, reached: 0.47 },
        { of: "median", least: 100_000 },
      ],
      remark: "limit: a raw subscriber that decodes the JSON",
    }),
    buildRow({
      what: "statuses and events, stored",
      unit: "a second",
      ours: samples.of("ours report"),
      limit: samples.of("raw report"),
      targets: [{ of: "ratio", least: 0.5, reached: 0.77 }],
      remark: "limit: the same behind a stream; each is on the disk before it is read",
    }),
  ],
};

interface IngestedAgent {
  readonly agent_id: string;
  readonly current_task?: string;
  readonly heartbeat?: { readonly instance_id?: string; readonly seq?: number };
}

function hasLast(agent: IngestedAgent, kind: Kind, count: number, round: number): boolean {
  const seq = count / agents;
  if (kind === "report") return agent.current_task === taskOf(round, seq);
  return agent.heartbeat?.instance_id === instanceOf(round) && agent.heartbeat.seq === seq;
}

/** Waits for the last message. Messages keep their order, so all others have been taken then, too. */
export async function untilLastIsTaken(serve: MeasuredServe, kind: Kind, count: number, round: number) {
  const path = `/api/agents/${ingestAgent(agents - 1)}`;
  await waitUntil(
    async () => hasLast((await (await serve.fetch(path)).json()) as IngestedAgent, kind, count, round),
    { what: `${count} ${kind}s are taken`, deadlineMs: withinMs, everyMs: 10 },
  );
}

/** @throws Error if the last message of an agent is missing, or a message could not be decoded */
async function requireNoneLost(serve: MeasuredServe, kind: Kind, count: number, round: number) {
  const shown = (await (await serve.fetch("/api/agents")).json()) as IngestedAgent[];
  const missing = shown.filter((agent) => !hasLast(agent, kind, count, round));
  const { malformed } = (await (await serve.fetch("/readyz")).json()) as { malformed: number };
  if (shown.length !== agents || missing.length > 0 || malformed > 0)
    throw new Error(`lost: ${missing.map(({ agent_id }) => agent_id).join(", ")}; ${malformed} malformed`);
}
