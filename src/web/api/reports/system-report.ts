// This room makes the reports that have a page and an address in the API: the system, and what happened.
//
// The state of the server: NATS, the store, how far agents are behind, alerts, malformed messages, the results of doctor's checks.
import { definedOf } from "../../../domain/defined.ts";
import type { NodeView } from "../../../domain/nodes/node-view.ts";
import { type AlertAdvice, adviceOn } from "../../../domain/system/alert-advice.ts";
import type { CheckRun } from "../../../domain/system/check.ts";
import { type AgentLag, lagOf } from "../../../domain/system/lag.ts";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import { redact } from "../../../domain/text/redact.ts";
import type { Alert } from "../../../domain/wire/messages.ts";
import type { Health, Server } from "../../../server/server.ts";
import type { HistoryRecord, SystemFacts } from "../../../server/server-readings.ts";

/** The checks of `cliai doctor`, run inside serve. */
export interface Doctor {
  /** The last run; undefined if there was none since serve started. */
  last(): CheckRun | undefined;
  /** A call during a run gets that run's results. @param options.asksModels whether to send each model server a small request */
  run(options: { readonly asksModels: boolean }): Promise<CheckRun>;
}

/** Lists the machines that have joined. */
export type ListNodes = () => Promise<readonly NodeView[]>;

export interface SystemReport {
  /** RFC 3339. */
  readonly at: string;
  readonly version: string;
  readonly started_at: string;
  readonly is_leader: boolean;
  readonly health: Health;
  /** Undefined if the store does not answer; `facts_error` then says why. */
  readonly facts?: SystemFacts;
  readonly facts_error?: string;
  readonly lag: readonly AgentLag[];
  readonly alerts: readonly (Alert & AlertAdvice)[];
  /** The newest messages that could not be read, newest first. */
  readonly malformed: readonly HistoryRecord[];
  readonly doctor?: CheckRun;
  /** The machines that have joined, by name. */
  readonly nodes: readonly NodeView[];
}

const malformedShown = 20;

export async function makeSystemReport(
  server: Server,
  { doctor, listNodes }: { readonly doctor?: Doctor | undefined; readonly listNodes?: ListNodes | undefined },
  now: Date,
): Promise<SystemReport> {
  const [facts, malformed, nodes] = await Promise.allSettled([
    server.system(),
    server.history.page({ kind: "malformed" }, { limit: malformedShown }),
    listNodes?.() ?? [],
  ]);
  return {
    at: now.toISOString(),
    version: server.version,
    started_at: server.startedAt,
    is_leader: server.isLeader(),
    health: server.health(),
    ...(facts.status === "fulfilled"
      ? { facts: facts.value }
      : { facts_error: redact(messageOf(facts.reason)) }),
    lag: lagOf(server.fleet.list()),
    alerts: shownAlerts(server),
    malformed: malformed.status === "fulfilled" ? malformed.value.records : [],
    ...definedOf({ doctor: doctor?.last() }),
    nodes: nodes.status === "fulfilled" ? nodes.value : [],
  };
}

/** @throws CliaiError `refused` if this server runs no checks */
export function requireDoctor(doctor: Doctor | undefined): Doctor {
  if (doctor !== undefined) return doctor;
  throw new CliaiError("refused", "this server runs no checks", {
    hint: "run them in a terminal: cliai doctor",
  });
}

/** The open alerts, the worst first, each with what to do about it. */
export function shownAlerts(server: Pick<Server, "alerts">): (Alert & AlertAdvice)[] {
  const rank = { critical: 0, warning: 1, info: 2 };
  return server.alerts
    .open()
    .toSorted((a, b) => rank[a.severity] - rank[b.severity])
    .map((alert) => ({ ...alert, ...adviceOn(alert) }));
}

/** How many things are not as they should be: open alerts, failed checks of the last run, and a store that takes nothing. */
export function troubleCount(server: Pick<Server, "alerts" | "health">, doctor: Doctor | undefined): number {
  const failed = doctor?.last()?.checks.filter(({ ok }) => !ok).length ?? 0;
  return server.alerts.open().length + failed + (server.health().ready ? 0 : 1);
}
