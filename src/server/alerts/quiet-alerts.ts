// Ends an alert about single incidents, such as refused or malformed messages, after ten minutes without another one, because nothing
// reports their end. Only the leader's `resolve` takes effect. Measured by a monotonic clock.
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Alert } from "../../domain/wire/messages.ts";
import { type Alerts, keyOfAlert } from "./alerts.ts";

export interface QuietAlertsOptions {
  /** How long there must be no further incident. Default ten minutes. */
  readonly quietMs?: number;
  /** Default 10000. */
  readonly lookEveryMs?: number;
  /** Returns milliseconds of a clock that is never set back. Default `performance.now`. */
  readonly monotonicMs?: () => number;
}

const passingKinds: ReadonlySet<string> = new Set([
  "refused",
  "malformed",
  "id_refused",
  "transcript_lost",
  "same_file",
]);
const defaultQuietMs = 10 * 60_000;

/** For an alert that was open at the start, the ten minutes begin at the start. Returns a function that ends it. */
export function resolveQuietAlerts(
  alerts: Pick<Alerts, "open" | "onAlert" | "resolve">,
  options: QuietAlertsOptions = {},
): () => void {
  const { quietMs = defaultQuietMs, lookEveryMs = 10_000, monotonicMs = () => performance.now() } = options;
  const heardAtMs = new Map<string, number>();
  const hear = (alert: Alert) => {
    if (passingKinds.has(alert.kind)) heardAtMs.set(keyOfAlert(alert), monotonicMs());
  };
  const look = () => {
    const open = alerts.open().filter(({ kind }) => passingKinds.has(kind));
    for (const alert of open) {
      const key = keyOfAlert(alert);
      const atMs = heardAtMs.get(key);
      if (atMs === undefined) hear(alert);
      else if (monotonicMs() - atMs >= quietMs)
        alerts.resolve(alert.kind, alert.agent_id as AgentId | undefined, alert.about);
    }
    const keys = new Set(open.map(keyOfAlert));
    for (const key of heardAtMs.keys()) if (!keys.has(key)) heardAtMs.delete(key);
  };
  look();
  const unlisten = alerts.onAlert(hear);
  const timer = setInterval(look, lookEveryMs);
  return () => {
    clearInterval(timer);
    unlisten();
  };
}
