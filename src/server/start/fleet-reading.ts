// The second stage of a server: loads the stored fleet, reads the streams from there on, and then stores what changes.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import { rewindRecord } from "../../domain/fleet/rewind-record.ts";
import { withLostConnections } from "../../domain/fleet/runs.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { streams } from "../../domain/wire/subjects.ts";
import { crashedAlert } from "../alerts/crashes.ts";
import { lostEntriesAlert, warnOfLostEntries } from "../alerts/lost-entries.ts";
import { countUnsentOrders } from "../alerts/unsent-orders.ts";
import { openFleetStore } from "../fleet/fleet-store.ts";
import { type Projector, startProjector } from "../fleet/projector.ts";
import { createReadPosition } from "../fleet/read-position.ts";
import { silentAlert } from "../fleet/silence.ts";
import { endsEarly, type Settled, settleWithStreams, storeDamaged } from "../inbox/lost-orders.ts";
import { isOfEarlierLife } from "../inbox/missed.ts";
import { createOrderEnds, type OrderEnds } from "../inbox/order-ends.ts";
import { startTakenOrdersRemoval } from "../inbox/taken-orders.ts";
import type { Foundation } from "./foundation.ts";

export interface FleetReading {
  readonly projector: Projector;
  readonly orderEnds: OrderEnds;
  /** The sequence up to which AUDIT has been read. */
  readonly readTo: () => number;
  /** The stored fleet, after `settleWithStreams` has compared it with the streams. */
  readonly stored: Settled;
  /** Applies an event that the streams do not contain: connections, requests. */
  readonly onEvent: (event: FleetEvent) => void;
  /** Calls the listener with each agent that was removed, whichever program removes it. Returns the function that removes the listener. */
  readonly onRemoved: (listener: (id: AgentId) => void) => () => void;
  /** Marks every record as changed, so that it is written again. */
  rewriteAll(): void;
  /** Writes all changed records at once, if this serve leads. */
  flush(): Promise<void>;
  stopRemovingOrders(): void;
  stop(): Promise<void>;
}

/** Counts what an event has changed, and tells the observer. @param before the agent's record before the event */
function tellChange(
  { work, calls, observer, lease, fleet }: Foundation,
  event: FleetEvent,
  before: AgentRecord | undefined,
): void {
  const after = fleet.record(event.id);
  work.took(event, before, after);
  calls.take(event);
  if (after !== undefined && lease.isLeader()) observer?.changed(event, before, after);
}

/** The kinds of alerts about one agent, which end when the agent is removed. */
const agentAlerts = [silentAlert, crashedAlert, lostEntriesAlert];

/** Forgets removed agents, and tells of them. */
function createRemovals({ fleet, alerts }: Pick<Foundation, "fleet" | "alerts">) {
  const listeners = new Set<(id: AgentId) => void>();
  return {
    remove(id: AgentId) {
      fleet.remove(id);
      for (const kind of agentAlerts) alerts.resolve(kind, id);
      for (const listener of listeners) listener(id);
    },
    onRemoved(listener: (id: AgentId) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Resolves when the buckets and streams have been read. */
export async function readFleet(foundation: Foundation): Promise<FleetReading> {
  const { bus, replicas, lease, fleet, alerts, consumers, malformed, now, log } = foundation;
  const removals = createRemovals(foundation);
  const store = await openFleetStore(bus, {
    replicas,
    recordOf: fleet.record,
    isLeader: lease.isLeader,
    onStored: (record) => {
      if (fleet.adopt(record).isNew) consumers.make(record.agent_id);
    },
    onRemoved: removals.remove,
    log,
  });
  const stored = await settleWithStreams(bus, await store.load());
  // Do this before any heartbeat is heard, because a run that the record shows as connected keeps its place against another run.
  fleet.restore(stored.records.map((record) => withLostConnections(record, bus.serverId)));

  /** Up to here, AUDIT was read before this serve started. */
  let readBefore = stored.cursor.audit_seq;
  const onEvent = (event: FleetEvent) => {
    foundation.spending.take(event);
    // Events are read again for timelines and incomplete records. Ignore those of agents that were removed since.
    const isReadAgain = "audit_seq" in event && event.audit_seq <= readBefore;
    const known = fleet.record(event.id);
    if (isReadAgain && (known === undefined || isOfEarlierLife(known, event.at))) return;
    if (!isReadAgain) warnOfLostEntries(alerts, event);
    const outcome = fleet.apply(event);
    foundation.sameFiles.take(event, !isReadAgain);
    if (!isReadAgain) tellChange(foundation, event, known);
    if ("twin" in outcome) {
      alerts.raise({
        kind: "id_refused",
        severity: "warning",
        agentId: event.id,
        message: `agent "${event.id}" differs from "${outcome.twin}" in case only and is refused`,
      });
      return;
    }
    if (outcome.isNew) consumers.make(event.id);
    // What is read again for the timelines changes no record, and a start must not write them all again.
    if (fleet.record(event.id) !== known) store.changed(event.id);
    if (!isReadAgain) unsent.take(event);
  };
  const started = Promise.withResolvers<Projector>();
  const unsent = countUnsentOrders({
    ...{ bus, recordOf: fleet.record, onMalformed: malformed.take, log },
    projector: started.promise,
  });
  const position = createReadPosition(stored.cursor);
  const removal = startTakenOrdersRemoval({
    ...{ bus, fleet, lease, cursor: position.cursor, isStored: store.hasOrder, log },
  });
  const projector = await startProjector(bus, {
    position,
    recordOf: fleet.record,
    onEvent,
    onMalformed: malformed.take,
    onRewound(end) {
      const read = position.cursor().audit_seq;
      readBefore = Math.min(readBefore, end);
      foundation.spending.rewind(end);
      // Their sequences would make them ignore what comes now.
      for (const record of [...fleet.records()]) {
        const rewound = rewindRecord(record, { audit: end, commands: Number.POSITIVE_INFINITY }).record;
        if (rewound === record) continue;
        fleet.adopt(rewound);
        store.changed(record.agent_id);
      }
      alerts.raiseOwn({
        kind: storeDamaged,
        severity: "critical",
        message: endsEarly(streams.audit, end, read),
      });
    },
    onUnusableOrder: removal.discard,
    now,
    log,
  });
  started.resolve(projector);
  store.startWriting(position.cursor);
  return {
    projector,
    orderEnds: createOrderEnds({ bus, projector }),
    readTo: () => position.cursor().audit_seq,
    stored,
    onRemoved: removals.onRemoved,
    onEvent,
    rewriteAll() {
      for (const { agent_id } of stored.records) store.changed(agent_id);
    },
    flush: store.flush,
    stopRemovingOrders: removal.stop,
    async stop() {
      unsent.stop();
      await projector.stop();
      await store.stop();
    },
  };
}
