// This room is what `serve` does with the bus: it keeps the fleet, stores orders, answers tools.
//
// Composes the server over a bus: streams, fleet, tool calls, alerts. It starts no HTTP and no nats-server, and reads no
// files: cli/serve/serve.ts does.
import { type AuditOptions, startAudit } from "../audit/start-audit.ts";
import type { FleetEvent } from "../domain/fleet/reduce-agent.ts";
import { isKnownToLive, otherRunOf } from "../domain/fleet/runs.ts";
import { summaryOf } from "../domain/receipts.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { redact } from "../domain/text/redact.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { checkMessage } from "../domain/wire/decode.ts";
import { HeartbeatSchema } from "../domain/wire/messages.ts";
import { agentSubject, dashboardAlertSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { ConnectionEvent } from "../nats/accounts/system-account.ts";
import type { Bus } from "../nats/bus.ts";
import type { RepeatedViolation } from "../nats/child/violations.ts";
import { ensureStreams } from "../nats/jetstream/streams.ts";
import { type AlertStore, openAlertStore } from "./alerts/alert-store.ts";
import { createAlerts } from "./alerts/alerts.ts";
import { resolveQuietAlerts } from "./alerts/quiet-alerts.ts";
import { openFleetDesk } from "./fleet/fleet-desk.ts";
import { createFleetState } from "./fleet/fleet-state.ts";
import { openFleetStore } from "./fleet/fleet-store.ts";
import { type Projector, startProjector } from "./fleet/projector.ts";
import { createRoleOf, type RoleOf } from "./fleet/role-by-heartbeat.ts";
import { watchSilence } from "./fleet/silence.ts";
import { publishState } from "./fleet/state-publisher.ts";
import { createBridgeConsumers } from "./inbox/bridge-consumers.ts";
import { endWithRuns } from "./inbox/ended-runs.ts";
import { giveAgain } from "./inbox/given-again.ts";
import { openHolds } from "./inbox/holds.ts";
import { createInbox } from "./inbox/inbox.ts";
import { endLostOrders, settleWithStreams, storeDamaged } from "./inbox/lost-orders.ts";
import { isOfEarlierLife } from "./inbox/missed.ts";
import { expireOverdue } from "./inbox/overdue-orders.ts";
import { startSweeper } from "./inbox/taken-orders.ts";
import { startLease } from "./lease.ts";
import { openRequestDesk } from "./requests/request-desk.ts";
import { storeCommand } from "./send-command.ts";
import type { LaunchAgent, Server } from "./server.ts";
import { answerToolCalls } from "./tools/tool-calls.ts";

/** How much of a message that could not be understood is kept with its alert. */
const sampleBytes = 4_096;
const defaultResumeWindowMs = 10 * 60_000;

export interface ServerOptions {
  /** A new one at each start; made here if left out. */
  readonly instance?: string;
  readonly version: string;
  /** Copies of each stream and bucket on a cluster. */
  readonly replicas: number;
  readonly insecure: boolean;
  /** What the audit records, how long, and with which key it is signed. */
  readonly audit?: AuditOptions | undefined;
  /** Follows the agents' connections, and returns a function that ends it. Without it, only silence shows a loss. */
  readonly followConnections?: ((onEvent: (event: ConnectionEvent) => void) => () => void) | undefined;
  /** Follows what nats-server refuses, and returns a function that ends it. */
  readonly followViolations?: ((onViolation: (refused: RefusedAct) => void) => () => void) | undefined;
  /** Who is a captain by credentials; without it, the agents' heartbeats decide. */
  readonly roleOf?: RoleOf | undefined;
  /** Launches agents for captains; none are launched when left out. */
  readonly launchAgent?: LaunchAgent | undefined;
  /** How long an ended session may be resumed before its tasks fail. Default 10 minutes. */
  readonly resumeWindowMs?: number | undefined;
  /** After how long an order that was given out and not acknowledged is given again. Default 35 seconds. */
  readonly giveAgainAfterMs?: number | undefined;
  /** How often the nats-server child was started again; 0 where there is none. */
  readonly natsRestarts: () => number;
  /** What the nats-server child itself says of a store that takes nothing. */
  readonly storeTrouble?: (() => string | undefined) | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

/** What nats-server did not let an agent do, so many times; the agent is undefined for a connection of another kind. */
export interface RefusedAct extends Pick<RepeatedViolation, "act" | "subject" | "times"> {
  readonly id: AgentId | undefined;
}

/** Resolves when the fleet is as the streams and buckets have it. @throws CliaiError when JetStream is not there */
export async function startServer(bus: Bus, options: ServerOptions): Promise<Server> {
  const { instance = crypto.randomUUID(), replicas, insecure, audit = {}, now, log } = options;
  const { resumeWindowMs = defaultResumeWindowMs } = options;
  await ensureStreams(bus, {
    replicas,
    auditRetention: audit.retention,
    auditHeartbeats: audit.heartbeats,
  });

  const lease = await startLease(bus, { instance, replicas, log });
  let listeningSince = now().toISOString();
  const unlisten = bus.onConnection((connected) => {
    if (connected) listeningSince = now().toISOString();
  });
  const fleet = createFleetState(now, () => listeningSince);
  let alertStore: AlertStore | undefined;
  const alerts = createAlerts({
    tell: (alert) => {
      if (bus.isConnected()) bus.publish(dashboardAlertSubject, alert);
      alertStore?.keep(alert);
    },
    drop: (alert) => alertStore?.drop(alert),
    isLeader: lease.isLeader,
    now,
  });
  alertStore = await openAlertStore(bus, { replicas, onStored: alerts.take, log });
  const consumers = createBridgeConsumers(bus, log);
  let malformed = 0;
  /** @param isOurs whether this serve alone has had the message, and not every serve */
  const takeMalformed =
    (isOurs: boolean) =>
    (subject: string, data: Uint8Array, error: unknown, agentId: AgentId | undefined) => {
      malformed += 1;
      if (isOurs || lease.isLeader()) recording.records.malformed(subject, data, error, agentId);
      (isOurs ? alerts.raiseOwn : alerts.raise)({
        kind: error instanceof CliaiError && error.code === "refused" ? "refused" : "malformed",
        severity: "warning",
        agentId,
        message: redact(`${subject}: ${messageOf(error)}`),
        sample: () => new TextDecoder().decode(data.subarray(0, sampleBytes)),
      });
    };

  let projector: Projector | undefined;
  const store = await openFleetStore(bus, {
    replicas,
    recordOf: fleet.record,
    cursor: () => projector?.cursor() ?? stored.cursor,
    isLeader: lease.isLeader,
    onStored: (record) => {
      if (fleet.adopt(record).isNew) consumers.make(record.agent_id);
    },
    onRemoved: (id) => {
      fleet.remove(id);
      alerts.resolve("silent", id);
    },
    log,
  });
  // Not before the streams are read: a million unsigned records would be read at the same time.
  const signs = () => projector !== undefined && lease.isLeader() && (audit.isLeader?.() ?? true);
  const recording = startAudit(bus, { ...audit, isLeader: signs }, now, log);
  const stored = await settleWithStreams(bus, await store.load());
  fleet.restore(stored.records);
  consumers.makeMissing(stored.records.map(({ agent_id }) => agent_id));

  const onEvent = (event: FleetEvent) => {
    // Read again for timelines and incomplete records; it says nothing about an agent that was removed since.
    const isReadAgain = "audit_seq" in event && event.audit_seq <= stored.cursor.audit_seq;
    const known = fleet.record(event.id);
    if (isReadAgain && (known === undefined || isOfEarlierLife(known, event.at))) return;
    const outcome = fleet.apply(event);
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
    store.changed(event.id);
  };
  const sweeper = startSweeper({
    bus,
    fleet,
    lease,
    cursor: () => projector?.cursor() ?? stored.cursor,
    log,
  });
  projector = await startProjector(bus, {
    from: stored.cursor,
    recordOf: fleet.record,
    onEvent,
    onMalformed: takeMalformed(false),
    onUnusableOrder: sweeper.discard,
    now,
    log,
  });
  store.startWriting();

  const roleOf = options.roleOf ?? createRoleOf(fleet);
  const requests = await openRequestDesk(bus, { replicas, fleet, onEvent, alerts, roleOf, now, log });
  const mayLive = (id: AgentId, instanceId: string) => {
    const record = fleet.record(id);
    const run = record?.heartbeat?.instance_id;
    if (record === undefined || run === undefined || run === instanceId) return true;
    const other = otherRunOf(record, instanceId);
    return other !== undefined && isKnownToLive(other, record.run_started_at ?? "");
  };
  const holds = await openHolds(bus, { replicas, mayLive, now, log });
  const inbox = createInbox({ bus, fleet, projector, holds, requests, roleOf, now });
  const endings = [
    answerToolCalls({
      bus,
      fleet,
      inbox,
      catchUp: projector.catchUp,
      requests,
      roleOf,
      launchAgent: options.launchAgent ?? launchNone,
      now,
      insecure,
      onMalformed: takeMalformed(true),
      onAnswered: recording.records.toolCall,
      log,
    }),
    publishState(bus, fleet, lease, instance, now, log),
    watchSilence(bus, fleet, alerts, lease),
    options.followConnections?.(({ id, ...event }) => {
      // The agent's first heartbeat, which follows at once, makes it known.
      if (fleet.record(id) !== undefined) onEvent(connectionEvent(id, event, now()));
    }) ?? (() => undefined),
    options.followViolations?.(({ id, act, subject, times }) =>
      alerts.raiseOwn({
        kind: "refused",
        severity: "warning",
        agentId: id,
        message: `nats-server does not let ${id ?? "a connection"} ${act} ${summaryOf(subject)}`,
        times,
      }),
    ) ?? (() => undefined),
    openFleetDesk(bus, { fleet, listeningSince: () => listeningSince, now, log }),
    sweeper.stop,
    resolveQuietAlerts(alerts),
    unlisten,
    expireOverdue({ bus, fleet, lease, holds, projector, now, log }),
    endWithRuns({ bus, fleet, lease, projector, resumeWindowMs, now, log }),
    giveAgain({ bus, fleet, lease, consumers, afterMs: options.giveAgainAfterMs, log }),
    lease.onChange((isLeader) => {
      if (!isLeader) return;
      alerts.lead();
      // The leader before may have died between taking one away and making it again.
      consumers.makeMissing(fleet.records().map(({ agent_id }) => agent_id));
    }),
  ];
  // Only what NATS has confirmed counts as listening.
  await bus.flush();
  listeningSince = now().toISOString();
  for (const { agent_id } of stored.damage.length === 0 ? [] : stored.records) store.changed(agent_id);
  let isStopped = false;
  endLostOrders({ bus, fleet, projector, alerts, now }, stored).catch((error: unknown) =>
    // If the server ends meanwhile, the connection goes; the next start looks again.
    log[isStopped ? "debug" : "warn"](`what the store has lost is not looked for: ${messageOf(error)}`),
  );

  const trouble = () => {
    if (!bus.isConnected()) return "the connection to NATS is lost; it is tried again";
    // The lease is written each second, so its error is the store's error.
    const why = options.storeTrouble?.() ?? lease.trouble()?.message;
    return why === undefined ? undefined : `the store takes nothing: ${why}`;
  };

  return {
    instance,
    startedAt: now().toISOString(),
    version: options.version,
    fleet,
    alerts,
    requests,
    health: () => {
      const reason = trouble();
      const damage = alerts.open().find(({ kind }) => kind === storeDamaged)?.message;
      return {
        ready: reason === undefined,
        ...(reason === undefined ? {} : { reason }),
        ...(damage === undefined ? {} : { damage }),
        nats: {
          connected: bus.isConnected(),
          version: bus.serverVersion,
          restarts: options.natsRestarts(),
        },
        malformed,
      };
    },
    async sendCommand(order) {
      fleet.require(order.id);
      const reason = trouble();
      if (reason !== undefined && bus.isConnected())
        throw new CliaiError("store_unavailable", reason, { hint: "nothing was sent; see: cliai doctor" });
      return await storeCommand(bus, order, now(), fleet.record(order.id));
    },
    async takeHeartbeat(body) {
      const heartbeat = checkMessage(HeartbeatSchema, body);
      if (heartbeat.agent_id === undefined) throw new CliaiError("message_invalid", "agent_id is missing");
      bus.publish(agentSubject(heartbeat.agent_id, "heartbeat"), heartbeat);
    },
    async stop() {
      isStopped = true;
      for (const end of endings) end();
      await requests.stop();
      await projector?.stop();
      await holds.stop();
      await store.stop();
      await recording.stop();
      consumers.stop();
      alerts.stop();
      await alertStore?.stop();
      // Last, so that the next leader finds everything that this serve had to write.
      await lease.stop();
      fleet.stop();
    },
  };
}

function connectionEvent(
  id: AgentId,
  { instanceId, isUp, client, startedAt, reason }: Omit<ConnectionEvent, "id">,
  now: Date,
): FleetEvent {
  const at = now.toISOString();
  const evidence = { isUp, at, client, started_at: startedAt, instance_id: instanceId };
  return {
    type: "connection",
    id,
    at,
    connection: reason === undefined ? evidence : { ...evidence, reason },
  };
}

const launchNone: LaunchAgent = () =>
  Promise.reject(
    new CliaiError("refused", "this server launches no agents", { hint: "cliai spawn launches one" }),
  );
