// This room raises, counts and ends alerts.
//
// Keeps one alert for each cause, and counts it instead of repeating it. If there are several serves, the leader raises alerts for the causes
// that all serves see, and each serve for the causes that only it sees. `alert-store.ts` shares the alerts between them.
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Alert } from "../../domain/wire/messages.ts";
import type { AlertService } from "../server.ts";

/** An alert whose count grows is published again at most this often. */
const republishEveryMs = 1_000;
/** How many alerts are kept; if there are more, the oldest resolved one is dropped first. */
const alertsKept = 500;
/** How long each serve remembers causes that a lost leader may not have raised. Covers its lease and an election in the NATS cluster. */
const deferredForMs = 15_000;

export interface AlertCause {
  readonly kind: string;
  readonly severity: Alert["severity"];
  readonly agentId?: AgentId | undefined;
  /** What it is about if there can be several of a kind at once. Part of a bucket's key: letters, digits, _ and - only. */
  readonly about?: string | undefined;
  readonly message: string;
  /** How often the cause came up since it was last raised. Default 1. */
  readonly times?: number;
  /** Returns the beginning of the message that caused the alert. Called only for a new alert, which keeps it. */
  readonly sample?: () => string;
}

export interface Alerts extends AlertService {
  /** Raises an alert for a cause that every serve sees: the leader raises it, the others remember it. */
  raise(cause: AlertCause): void;
  /** Raises an alert for a cause that only this serve has seen. */
  raiseOwn(cause: AlertCause): void;
  /** Ends the alert of this kind and agent (or of no agent), if this serve leads. */
  resolve(kind: string, agentId: AgentId | undefined, about?: string): void;
  isOpen(kind: string, agentId: AgentId): boolean;
  /** Takes over a stored alert, or one that another serve has raised, changed or ended. */
  take(alert: Alert): void;
  /** This serve leads now: raises the remembered causes that the leader before may not have raised. */
  lead(): void;
  stop(): void;
}

export interface AlertsOptions {
  /** Called with each alert that this serve has raised, changed or ended. */
  readonly tell: (alert: Alert) => void;
  /** Called with each alert that is no longer kept, because there are too many. */
  readonly drop: (alert: Alert) => void;
  readonly isLeader: () => boolean;
  readonly now: () => Date;
}

export function createAlerts(options: AlertsOptions): Alerts {
  const { isLeader, now } = options;
  const alerts = new Map<string, Alert>();
  const deferred = new Map<string, { readonly cause: AlertCause; readonly atMs: number }>();
  const listeners = new Set<(alert: Alert) => void>();
  const due = new Map<string, ReturnType<typeof setTimeout>>();

  const set = (key: string, alert: Alert) => {
    // Move a new alert to the end of the map, which is in the order of their beginnings.
    if (alerts.get(key)?.alert_id !== alert.alert_id) alerts.delete(key);
    alerts.set(key, alert);
    dropOldest(alerts, options.drop);
  };
  const notify = (alert: Alert) => {
    for (const listener of listeners) listener(alert);
  };
  const tell = (alert: Alert) => {
    options.tell(alert);
    notify(alert);
  };
  const tellSoon = (key: string) => {
    if (due.has(key)) return;
    const timer = setTimeout(() => {
      due.delete(key);
      const alert = alerts.get(key);
      if (alert !== undefined) tell(alert);
    }, republishEveryMs);
    due.set(key, timer);
  };
  const openAlert = (key: string) => {
    const alert = alerts.get(key);
    return alert?.resolved_at === undefined ? alert : undefined;
  };
  const raiseOwn = ({ kind, severity, agentId, about, message, times = 1, sample }: AlertCause) => {
    const key = alertKey(kind, agentId, about);
    const at = now().toISOString();
    const known = openAlert(key);
    if (known !== undefined) {
      set(key, { ...known, message, last_seen: at, count: known.count + times });
      tellSoon(key);
      return;
    }
    const alert: Alert = {
      alert_id: crypto.randomUUID(),
      kind,
      severity,
      ...(agentId === undefined ? {} : { agent_id: agentId }),
      ...(about === undefined ? {} : { about }),
      message,
      first_seen: at,
      last_seen: at,
      count: times,
      ...(sample === undefined ? {} : { sample: sample() }),
    };
    set(key, alert);
    tell(alert);
  };

  return {
    raise(cause) {
      if (isLeader()) raiseOwn(cause);
      else deferred.set(keyOfCause(cause), { cause, atMs: performance.now() });
    },
    raiseOwn,
    resolve(kind, agentId, about) {
      const key = alertKey(kind, agentId, about);
      const known = openAlert(key);
      if (known === undefined || !isLeader()) return;
      const resolved = { ...known, resolved_at: now().toISOString() };
      set(key, resolved);
      tell(resolved);
    },
    isOpen: (kind, agentId) => openAlert(alertKey(kind, agentId)) !== undefined,
    take(alert) {
      const key = keyOfAlert(alert);
      if (!isNews(alert, alerts.get(key))) return;
      set(key, alert);
      notify(alert);
    },
    lead() {
      for (const [key, { cause, atMs }] of deferred) {
        const isRecent = performance.now() - atMs < deferredForMs;
        if (isRecent && openAlert(key) === undefined) raiseOwn(cause);
      }
      deferred.clear();
    },
    open: () => [...alerts.values()].filter(({ resolved_at }) => resolved_at === undefined).reverse(),
    onAlert(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      for (const timer of due.values()) clearTimeout(timer);
    },
  };
}

/** The key of an alert: there is one alert for each kind and agent, and for what it is about. */
export function alertKey(kind: string, agentId: string | undefined, about?: string): string {
  return `${kind}.${agentId ?? "_"}${about === undefined ? "" : `.${about}`}`;
}

export function keyOfAlert({ kind, agent_id, about }: Alert): string {
  return alertKey(kind, agent_id, about);
}

function keyOfCause({ kind, agentId, about }: AlertCause): string {
  return alertKey(kind, agentId, about);
}

function isNews(alert: Alert, known: Alert | undefined): boolean {
  if (known === undefined) return true;
  if (alert.alert_id !== known.alert_id) return alert.last_seen >= known.last_seen;
  if (alert.resolved_at !== known.resolved_at) return known.resolved_at === undefined;
  return alert.count > known.count;
}

function dropOldest(alerts: Map<string, Alert>, drop: (alert: Alert) => void): void {
  if (alerts.size <= alertsKept) return;
  const oldestResolved = [...alerts].find(([, { resolved_at }]) => resolved_at !== undefined);
  const [key, alert] = oldestResolved ?? alerts.entries().next().value ?? [];
  if (key === undefined || alert === undefined) return;
  alerts.delete(key);
  drop(alert);
}
