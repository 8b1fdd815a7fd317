// This room builds the server in four stages, one a file: foundation, fleet-reading, desks, watches.
//
// The first stage of a server: makes the streams, the lease, and what every later stage writes to. It reads no stream yet.
import { type AuditRecords, createAuditRecords } from "../../audit/records.ts";
import { mayRunLive } from "../../domain/fleet/runs.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { dashboardAlertSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { ensureStreams } from "../../nats/jetstream/streams.ts";
import { openAlertStore } from "../alerts/alert-store.ts";
import { type Alerts, createAlerts } from "../alerts/alerts.ts";
import { createMalformedMessages, type MalformedMessages } from "../alerts/malformed-messages.ts";
import { createSameFileWatch, type SameFileWatch } from "../files/same-file-watch.ts";
import { createFleetState, type FleetState } from "../fleet/fleet-state.ts";
import { type BridgeConsumers, createBridgeConsumers } from "../inbox/bridge-consumers.ts";
import { type Lease, startLease } from "../lease.ts";
import { createWorkCounts, type WorkCounts } from "../reports/work-counts.ts";
import { openSpending, type Spending } from "../spending/spending.ts";
import { type CallBooks, createCallBooks } from "../watchdog/watchdog.ts";
import type { FleetObserver } from "./fleet-observer.ts";
import { createListening, type Listening } from "./listening.ts";
import type { ServerOptions } from "./server-options.ts";

const defaultSameFileWithinMs = 10 * 60_000;

export interface Foundation {
  readonly bus: Bus;
  /** A new id at each start. */
  readonly instance: string;
  readonly replicas: number;
  readonly lease: Lease;
  readonly listening: Listening;
  readonly fleet: FleetState;
  readonly alerts: Alerts;
  readonly consumers: BridgeConsumers;
  readonly records: AuditRecords;
  readonly malformed: MalformedMessages;
  readonly spending: Spending;
  readonly sameFiles: SameFileWatch;
  readonly calls: CallBooks;
  readonly work: WorkCounts;
  readonly observer: FleetObserver | undefined;
  readonly now: () => Date;
  readonly log: Logger;
  stop(): Promise<void>;
}

export async function layFoundation(bus: Bus, options: ServerOptions): Promise<Foundation> {
  const { instance = crypto.randomUUID(), replicas, audit = {}, now, log } = options;
  await ensureStreams(bus, {
    replicas,
    auditRetention: audit.retention,
    auditHeartbeats: audit.heartbeats,
    transcriptRetention: options.transcripts,
  });
  const lease = await startLease(bus, { instance, replicas, log });
  const listening = createListening(bus, now);
  const fleet = createFleetState(now, listening.since);
  const alertStore = await openAlertStore(bus, { replicas, log });
  const alerts = createAlerts({
    tell: (alert) => {
      if (bus.isConnected()) bus.publish(dashboardAlertSubject, alert);
      alertStore.keep(alert);
    },
    drop: alertStore.drop,
    isLeader: lease.isLeader,
    now,
  });
  alertStore.follow(alerts.take);
  const consumers = createBridgeConsumers(bus, log);
  const records = createAuditRecords({ publish: bus.publish, now, log });
  const malformed = createMalformedMessages({ records, alerts, lease });
  const factsOf = (id: AgentId) => {
    const { config_name: profile, project_path: project } = fleet.record(id) ?? {};
    return { profile, project };
  };
  const sameFiles = createSameFileWatch({
    ...{ bus, fleet, alerts, lease, now, log },
    mayLive: (id, instanceId) => mayRunLive(fleet.record(id), instanceId),
    withinMs: options.sameFileWithinMs ?? defaultSameFileWithinMs,
  });
  const spending = await openSpending(bus, { replicas, lease, factsOf, log });
  return {
    ...{ bus, instance, replicas, lease, listening, fleet, alerts, consumers, records, malformed, spending },
    ...{
      sameFiles,
      calls: createCallBooks(),
      work: createWorkCounts(),
      observer: options.observer,
      now,
      log,
    },
    async stop() {
      listening.stop();
      consumers.stop();
      alerts.stop();
      await alertStore.stop();
      await spending.stop();
      // Last, so that the next leader finds everything that this serve had to write.
      await lease.stop();
      fleet.stop();
    },
  };
}
