// Waits for agents, for `wait` and `spawn --wait`. It looks at the fleet again whenever a message on `dashboard.state` says that
// something has changed. While the server is away it waits on, because only the server knows what the agents do.
import * as v from "valibot";
import { type AgentView, viewAgent } from "../../domain/fleet/agent-view.ts";
import { startAgainHint } from "../../domain/fleet/shown/way-back.ts";
import { isStoredRecord } from "../../domain/fleet/stored-record.ts";
import { outcomeOf, type WaitGoal, type WaitOutcome } from "../../domain/wait-outcome.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { dashboardStateSubject, everySubjectOf, streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { lastSequenceOn } from "../../nats/jetstream/stream-messages.ts";
import { askFleet } from "../../server/fleet/fleet-desk.ts";
import { pause } from "../../waiting.ts";
import { type AgentReading, createFleetReader, viewOf } from "../fleet/fleet-reading.ts";
import { createNeedNotes } from "./need-notes.ts";
import { createServerAbsence } from "./server-absence.ts";

/** An outcome must hold for this long before it counts, because the end of a turn and the next order come by different streams. */
const settledAfterMs = 150;
/** How often to look without a message: nothing tells that an agent has fallen silent, or that a message was lost. */
const lookEveryMs = 5_000;

const StateSchema = v.looseObject({
  at: v.pipe(v.string(), v.isoTimestamp()),
  agents: v.array(v.unknown()),
});

export interface WaitOptions {
  readonly ids: readonly AgentId[];
  readonly goal: WaitGoal;
  /** Whether to stop at the first outcome. */
  readonly isAny: boolean;
  readonly timeoutMs: number;
  /** Only this run of the one agent counts. */
  readonly run?: string;
  readonly context: Parameters<typeof createFleetReader>[1];
  readonly onOutcome?: (view: AgentView, outcome: WaitOutcome) => void;
}

export interface AgentOutcome extends WaitOutcome {
  /** How the agent can be started again. */
  readonly startAgain: string;
}

export interface Waited {
  /** The outcomes, in the order in which they came. */
  readonly outcomes: ReadonlyMap<AgentId, AgentOutcome>;
  /** The agents without an outcome when the time was up, with their last known status; empty if the time was not up. */
  readonly waiting: readonly { readonly agent_id: AgentId; readonly status: string }[];
  /** Whether the server was away at the end; then the status of an agent is what the server said last. */
  readonly isServerAway: boolean;
}

/**
 * Resolves when each agent has an outcome, or one has and that is enough, or the time is up. Says on stderr when the server goes away,
 * and when it is back.
 * @throws CliaiError what the reader of the fleet throws at the first look; `refused` if the server is back and does not let us in
 */
export async function waitForAgents(bus: Bus, options: WaitOptions): Promise<Waited> {
  const { ids, goal, timeoutMs, context } = options;
  const views = new Map<AgentId, AgentView>();
  const outcomes = new Map<AgentId, AgentOutcome>();
  const over = Promise.withResolvers<void>();
  const orders = createLastOrders(bus);
  const settling = new Map<AgentId, Promise<void>>();
  const absence = createServerAbsence(context.note);
  const needs = createNeedNotes(context.note);
  let isOver = false;
  over.promise.catch(() => undefined); // awaited below, maybe later

  /** A look that fails after the end fails because this command has closed its connection, not because the server is away. */
  const onNoAnswer = () => {
    if (!isOver) absence.begin();
  };

  const judge = (view: AgentView, now: Date, listeningSince?: string): WaitOutcome | undefined => {
    if (options.run !== undefined && view.heartbeat?.instance_id !== options.run) return undefined;
    if (!orders.isIn(view)) return undefined;
    return outcomeOf(view, goal, now, listeningSince);
  };
  const find = async (id: AgentId) => {
    const reading = await askForAgent(bus, id);
    absence.end();
    return reading;
  };
  const wasEnough = () => [...outcomes.values()].some((outcome) => isEnough(outcome, options));
  const settle = async (id: AgentId) => {
    await pause(settledAfterMs);
    const reading = await find(id);
    if (reading === undefined || outcomes.has(id) || wasEnough()) return;
    const view = viewOf(reading);
    const outcome = judge(view, reading.now, reading.listeningSince);
    if (outcome === undefined) return;
    outcomes.set(id, { ...outcome, startAgain: startAgainHint(view) });
    needs.forget(id);
    options.onOutcome?.(view, outcome);
    if (outcomes.size === ids.length || wasEnough()) over.resolve();
  };
  const take = (view: AgentView, now: Date, listeningSince?: string) => {
    const { agent_id: id } = view;
    views.set(id, view);
    if (outcomes.has(id)) return;
    if (goal !== "needs-you") needs.take(view);
    if (settling.has(id) || judge(view, now, listeningSince) === undefined) return;
    const settled = settle(id).catch(onNoAnswer); // it is looked at again when the server is back
    settling.set(
      id,
      settled.finally(() => settling.delete(id)),
    );
  };
  const look = async () => {
    if (!bus.isConnected()) {
      const refusal = bus.refusal();
      if (refusal !== undefined) over.reject(refusal);
      return onNoAnswer();
    }
    try {
      for (const id of ids) {
        if (outcomes.has(id)) continue;
        await orders.lookAgain(id, views.get(id));
        const reading = await find(id);
        if (reading !== undefined) take(viewOf(reading), reading.now, reading.listeningSince);
      }
    } catch {
      onNoAnswer();
    }
  };
  const ends = [
    needs.stop,
    bus.onConnection(() => void look()),
    bus.subscribe(dashboardStateSubject, ({ data }) => {
      const read = readState(data, ids);
      for (const view of read?.views ?? []) take(view, read?.now ?? context.now());
    }),
  ];
  /** An outcome that was seen before the time was up still counts, so wait until it has settled. */
  const timeIsUp = () => void Promise.allSettled(settling.values()).then(() => over.resolve());
  const timers = [setInterval(() => void look(), lookEveryMs)];
  const beganMs = performance.now();
  try {
    // If no serve answers, this reader looks the ids up in the bucket. It prints nothing, because look() says that the server is away.
    const reader = createFleetReader(bus, { ...context, note: () => undefined });
    // A given run may have begun just now, so the fleet may not know its agent yet.
    if (options.run === undefined) for (const id of ids) views.set(id, viewOf(await reader.require(id)));
    for (const id of ids) await orders.note(id);
    await look();
    // The first looks have taken some of the time, up to 6 s if the server stands still.
    timers.push(setTimeout(timeIsUp, Math.max(0, beganMs + timeoutMs - performance.now())));
    await over.promise;
  } finally {
    isOver = true;
    for (const end of ends) end();
    for (const timer of timers) clearTimeout(timer);
  }
  const left = wasEnough() ? [] : ids.filter((id) => !outcomes.has(id));
  const waiting = left.map((id) => ({ agent_id: id, status: views.get(id)?.status ?? "not heard of yet" }));
  return { outcomes, waiting, isServerAway: absence.isOn() };
}

/** Keeps each agent's last order in the stream. Until the agent's record includes it, nothing is known about the agent's work. */
function createLastOrders(bus: Bus) {
  const orders = new Map<AgentId, number>();
  const read = (id: AgentId) => lastSequenceOn(bus, streams.commands, everySubjectOf(id));
  const isIn = ({ agent_id, commands_seq }: Pick<AgentView, "agent_id" | "commands_seq">) =>
    commands_seq >= (orders.get(agent_id) ?? 0);
  return {
    isIn,
    async note(id: AgentId) {
      orders.set(id, await read(id));
    },
    /** An order that cannot be decoded comes into no record: the server removes it from the stream. */
    async lookAgain(id: AgentId, view: AgentView | undefined) {
      if (isIn(view ?? { agent_id: id, commands_seq: 0 })) return;
      orders.set(id, Math.min(orders.get(id) ?? 0, await read(id)));
    },
  };
}

/**
 * Asks only the server: the store may be minutes behind, and then an agent that runs looks silent.
 * @throws CliaiError as {@link askFleet} does
 */
async function askForAgent(bus: Bus, id: AgentId): Promise<AgentReading | undefined> {
  const { records, at, listeningSince } = await askFleet(bus, { agent_id: id });
  const record = records.get(id);
  return record && { record, records, now: at, listeningSince };
}

/** Whether to stop at this outcome with `--any`. For `done`, any outcome will do. For the other goals, wait on for the other agents. */
function isEnough({ outcome }: WaitOutcome, { isAny, goal }: WaitOptions): boolean {
  return isAny && (outcome === goal || goal === "done");
}

/** The awaited agents in a message about the fleet. Undefined if it cannot be decoded: the next look reads the same state. */
function readState(
  data: Uint8Array,
  ids: readonly AgentId[],
): { readonly views: AgentView[]; readonly now: Date } | undefined {
  try {
    const { at, agents } = decodeMessage(StateSchema, data);
    const now = new Date(at);
    const views = ids.flatMap((id) => {
      const found = agents.find((each) => (each as { readonly agent_id?: unknown } | null)?.agent_id === id);
      return isStoredRecord(found, id) ? [viewAgent(found, now)] : [];
    });
    return { views, now };
  } catch {
    return undefined;
  }
}
