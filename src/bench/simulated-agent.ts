// Simulates one agent without a CLI and without a bridge process: the same connection, the same messages, the same answers to commands.
// It is used if a run needs more agents than the machine has memory for bridges.
import { type AgentId, parseAgentId } from "../domain/wire/agent-id.ts";
import { buildConnectionName } from "../domain/wire/connection-name.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { CommandSchema } from "../domain/wire/order-messages.ts";
import { agentSubject, inboxPrefix, toolCallSubject } from "../domain/wire/subjects.ts";
import { silentLogger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { connectBus } from "../nats/connect-bus.ts";
import { consumeOrders, type Order } from "../nats/jetstream/follow.ts";
import { agentEvent, heartbeat, statusReport } from "./agent-messages.ts";

/** The seconds between two heartbeats, events, tool calls and statuses. What is left out is never sent. */
export interface Pace {
  readonly heartbeatS: number;
  readonly eventS?: number | undefined;
  readonly callS?: number | undefined;
  /** Each status has another task; the agent works and is idle in turns. */
  readonly statusS?: number | undefined;
}

export interface Deeds {
  heartbeats: number;
  events: number;
  calls: number;
  failedCalls: number;
  /** How long each answered call took. */
  callMs: number[];
}

export function noDeeds(): Deeds {
  return { heartbeats: 0, events: 0, calls: 0, failedCalls: 0, callMs: [] };
}

export interface SimulatedAgentOptions {
  readonly url: string;
  readonly id: string;
  readonly creds: string;
  readonly pace: Pace;
  /** Whether it takes commands: it refuses each fifth and applies the others. */
  readonly takesCommands: boolean;
  readonly deeds: Deeds;
}

const connectWithinMs = 20_000;
const callWithinMs = 30_000;
/** It refuses each command whose sequence is a multiple of this. */
const refusesEach = 5;

/** Connects, sends a heartbeat at once, and goes on at its pace. Resolves to the function that ends it, with or without a goodbye. */
export async function startSimulatedAgent(
  options: SimulatedAgentOptions,
): Promise<(isGoodbye: boolean) => Promise<void>> {
  const { url, creds, pace, deeds } = options;
  const id = parseAgentId(options.id);
  const instance = crypto.randomUUID();
  const name = buildConnectionName(id, instance);
  const bus = await connectBus({
    ...{ url, name, creds, inboxPrefix: inboxPrefix(id), log: silentLogger },
    // Long, because nats-server is slow to answer on a machine under full load.
    ...{ waitForServer: true, connectTimeoutMs: connectWithinMs },
  });
  let seq = 0;
  let tasks = 0;
  let shown = { task: "", status: "working" };
  const beat = () => {
    seq += 1;
    say(bus, id, "heartbeat", heartbeat(id, { instance, seq, intervalS: pace.heartbeatS, ...shown }));
    deeds.heartbeats += 1;
  };
  const turn = () => {
    tasks += 1;
    shown = { task: `count the words of page ${tasks}`, status: tasks % 2 === 0 ? "working" : "idle" };
    say(bus, id, "status", statusReport(id, shown.task, shown.status));
  };
  const report = () => {
    deeds.events += 1;
    say(bus, id, "event", agentEvent(id, deeds.events));
  };
  const call = async () => {
    deeds.calls += 1;
    const startedMs = performance.now();
    try {
      await callTool(bus, id, instance);
      deeds.callMs.push(performance.now() - startedMs);
    } catch {
      deeds.failedCalls += 1; // counted, and reported at the end
    }
  };
  beat();
  const ends = [
    every(pace.heartbeatS, beat),
    every(pace.eventS, report),
    every(pace.callS, () => void call()),
    every(pace.statusS, turn),
  ];
  const orders = options.takesCommands
    ? consumeOrders(bus, id, (order) => void answer(bus, id, order), silentLogger)
    : undefined;
  return async (isGoodbye) => {
    for (const end of ends) end();
    if (isGoodbye) {
      say(bus, id, "status", { status: "disconnected", instance_id: instance });
      await orders?.stop();
      await bus.close({ graceMs: 2_000 });
    } else {
      // Like an agent that is killed: close at once, and finish nothing.
      await bus.connection.close();
      void orders?.stop();
    }
  };
}

function say(bus: Bus, id: AgentId, topic: "heartbeat" | "event" | "status", body: object): void {
  if (bus.isConnected()) bus.publish(agentSubject(id, topic), { agent_id: id, ...body });
}

async function callTool(bus: Bus, id: AgentId, instance_id: string): Promise<void> {
  const request = {
    request_id: crypto.randomUUID(),
    agent_id: id,
    instance_id,
    tool: "report_progress",
    arguments: { note: "a step further", percent: 50 },
  };
  const answer = await bus.request(toolCallSubject(id), request, { timeoutMs: callWithinMs });
  const { success, error } = JSON.parse(new TextDecoder().decode(answer)) as {
    success: boolean;
    error?: string;
  };
  if (!success) throw new Error(error);
}

/** Stores the receipts of a command: `delivered` and its end, or `expired` if it came too late. */
async function answer(bus: Bus, id: AgentId, order: Order): Promise<void> {
  try {
    const { command_id = "", token, expires_at } = decodeMessage(CommandSchema, order.data);
    const isLate = expires_at !== undefined && Date.parse(expires_at) <= Date.now();
    const end = order.seq % refusesEach === 0 ? "refused" : "applied";
    for (const state of isLate ? (["expired"] as const) : (["delivered", end] as const)) {
      const timestamp = new Date().toISOString();
      const receipt = {
        agent_id: id,
        command_id,
        ...(token === undefined ? {} : { token }),
        state,
        timestamp,
      };
      await bus.publishStored(agentSubject(id, "receipt"), receipt);
    }
    await order.ack();
  } catch {
    // The connection is lost or the agent is ending: the order is delivered again, to this run or the next.
    if (bus.isConnected()) order.giveBack();
  }
}

/** Calls `act` at each interval, beginning at a random moment, so that the agents of a fleet do not all send at once. */
function every(seconds: number | undefined, act: () => void): () => void {
  if (seconds === undefined) return () => undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const first = setTimeout(
    () => {
      act();
      timer = setInterval(act, seconds * 1_000);
    },
    Math.random() * seconds * 1_000,
  );
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
