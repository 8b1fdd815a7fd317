// Finds at the start what the store has lost: streams that end before the sequence that was read from them, and waiting orders that are
// not in the stream. Each such order becomes `failed`, and one alert names the damage.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { rewindRecord } from "../../domain/fleet/rewind-record.ts";
import {
  type CommandRecord,
  isSameOrder,
  isToBeKept,
  isWaiting,
  namesOf,
  waitsUntilMs,
} from "../../domain/receipts.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { agentOrderTopics, agentSubject, streams } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { removeConsumersBeyond } from "../../nats/jetstream/consumers.ts";
import { lastSequence, readStreamMessage, subjectCounts } from "../../nats/jetstream/stream-messages.ts";
import { pause } from "../../waiting.ts";
import type { Alerts } from "../alerts/alerts.ts";
import { requireCaughtUp } from "../fleet/caught-up.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Cursor } from "../fleet/fleet-store.ts";
import type { Projector } from "../fleet/projector.ts";
import type { OrderEnds } from "./order-ends.ts";

/** The kind of the alert about the damage. */
export const storeDamaged = "store_damaged";
const defaultAgainAfterMs = 5_000;

/** How a lost order ends. */
export const lostEnd = { state: "failed", detail: "the store has lost this order: send it again" } as const;

export interface Kept {
  readonly records: readonly AgentRecord[];
  readonly cursor: Cursor;
}

export interface LostOrder {
  readonly id: AgentId;
  readonly command: CommandRecord;
}

export interface Settled extends Kept {
  readonly lost: readonly LostOrder[];
  /** A line for each stream that ends before the sequence that was read from it, for a person. */
  readonly damage: readonly string[];
}

/**
 * Takes back from the stored fleet what the streams no longer contain. Removes consumers whose position is beyond the end of COMMANDS, so
 * that they are made again.
 */
export async function settleWithStreams(bus: Bus, kept: Kept): Promise<Settled> {
  const [audit, commands] = await Promise.all([
    lastSequence(bus, streams.audit),
    lastSequence(bus, streams.commands),
  ]);
  const rewound = kept.records.map((record) => rewindRecord(record, { audit, commands }));
  const read = {
    audit: Math.max(kept.cursor.audit_seq, ...kept.records.map(({ audit_seq }) => audit_seq)),
    commands: Math.max(kept.cursor.commands_seq, ...kept.records.map(({ commands_seq }) => commands_seq)),
  };
  if (read.commands > commands) await removeConsumersBeyond(bus, streams.commands, commands);
  return {
    records: rewound.map(({ record }) => record),
    cursor: {
      audit_seq: Math.min(kept.cursor.audit_seq, audit),
      commands_seq: Math.min(kept.cursor.commands_seq, commands),
    },
    lost: rewound.flatMap(({ record, lost }) => lost.map((command) => ({ id: record.agent_id, command }))),
    damage: [
      ...(read.audit > audit ? [endsEarly(streams.audit, audit, read.audit)] : []),
      ...(read.commands > commands ? [endsEarly(streams.commands, commands, read.commands)] : []),
    ],
  };
}

/** The words about a stream that ends before the sequence that was read from it. */
export function endsEarly(stream: string, end: number, read: number): string {
  return `${stream} ends at ${end}, and was read to ${read}`;
}

/** Finds the orders that wait according to the agents' records, but are no longer in the stream. */
async function findLostOrders(
  bus: Bus,
  fleet: LostOrderContext["fleet"],
  projector: LostOrderContext["projector"],
): Promise<LostOrder[]> {
  const counts = await subjectCounts(bus, streams.commands);
  const lost: LostOrder[] = [];
  for (const { agent_id: id } of fleet.list()) {
    const inStream = agentOrderTopics.reduce(
      (sum, topic) => sum + (counts.get(agentSubject(id, topic)) ?? 0),
      0,
    );
    const due = fleet.record(id)?.commands.filter((each) => each.stream_seq > 0 && isToBeKept(each)) ?? [];
    if (inStream < due.length) lost.push(...(await findLostOf(id, bus, fleet, projector)));
  }
  return lost;
}

export interface LostOrderContext {
  readonly bus: Bus;
  readonly fleet: Pick<FleetState, "record" | "list">;
  readonly projector: Pick<Projector, "catchUp">;
  readonly orderEnds: OrderEnds;
  readonly alerts: Pick<Alerts, "raiseOwn">;
  /** Default 5000. */
  readonly againAfterMs?: number | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

/**
 * Writes the receipt `failed` for each lost order, and raises the alert. An order that has waited too long is not lost: the stream has
 * dropped it, and `overdue-orders.ts` ends it. A failure is tried again until `signal` aborts, because no later look finds these orders.
 */
export async function endLostOrders(
  context: LostOrderContext,
  { lost, damage }: Settled,
  signal: AbortSignal,
): Promise<void> {
  const { bus, fleet, projector, alerts, now } = context;
  const isInTime = ({ command }: LostOrder) => waitsUntilMs(command) > now().getTime();
  const found = await untilDone(() => findLostOrders(bus, fleet, projector), context, signal);
  const all = [...lost, ...(found ?? [])].filter(isInTime);
  if (all.length === 0 && damage.length === 0) return;
  const orders = all.length === 1 ? "1 order" : `${all.length} orders`;
  const message = [...damage, `${orders} that waited for an agent ended as failed: the store has lost them`];
  alerts.raiseOwn({ kind: storeDamaged, severity: "critical", message: message.join("; ") });
  let left = all;
  const endThoseLeft = async () => {
    const failed: LostOrder[] = [];
    let failure: unknown;
    for (const order of left) {
      try {
        await endAsLost(order, context);
      } catch (error) {
        failed.push(order);
        failure = error;
      }
    }
    left = failed;
    if (failed.length > 0) throw failure;
  };
  await untilDone(endThoseLeft, context, signal);
}

/** Tries again, with a pause, until `act` succeeds or `signal` aborts; then resolves to undefined. */
async function untilDone<Result>(
  act: () => Promise<Result>,
  { log, againAfterMs = defaultAgainAfterMs }: LostOrderContext,
  signal: AbortSignal,
): Promise<Result | undefined> {
  while (!signal.aborted) {
    try {
      return await act();
    } catch (error) {
      // If the server has ended, the connection is gone, and the next start looks again.
      log[signal.aborted ? "debug" : "warn"](
        `the orders that the store has lost are not all ended yet: ${messageOf(error)}; it will be tried again`,
      );
      await pause(againAfterMs, signal);
    }
  }
  return undefined;
}

async function endAsLost(
  { id, command }: LostOrder,
  { fleet, orderEnds, now }: LostOrderContext,
): Promise<void> {
  await orderEnds.store(id, () => {
    const known = fleet.record(id)?.commands.find((each) => isSameOrder(each, command));
    // It may have been taken since it was found, or another order may have come with its id.
    const isAsFound = known?.stream_seq === command.stream_seq && isWaiting(known);
    if (known !== undefined && !isAsFound) return undefined;
    return { ...namesOf(command), ...lostEnd, timestamp: now().toISOString() };
  });
}

async function findLostOf(
  id: AgentId,
  bus: Bus,
  fleet: LostOrderContext["fleet"],
  projector: LostOrderContext["projector"],
): Promise<LostOrder[]> {
  const gone = new Set<number>();
  for (const { stream_seq } of waitingFor(fleet.record(id))) {
    if ((await readStreamMessage(bus, streams.commands, stream_seq)) === undefined) gone.add(stream_seq);
  }
  // If an order was taken meanwhile, its receipt has been read after this.
  await requireCaughtUp(projector, id);
  return waitingFor(fleet.record(id))
    .filter(({ stream_seq }) => gone.has(stream_seq))
    .map((command) => ({ id, command }));
}

function waitingFor(record: AgentRecord | undefined): CommandRecord[] {
  return (record?.commands ?? []).filter((command) => command.stream_seq > 0 && isWaiting(command));
}
