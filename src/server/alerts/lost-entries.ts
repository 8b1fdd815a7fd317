// Raises an alert when an agent's host says that entries of its transcript are lost. There is one alert for an agent, which counts them.
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import type { Alerts } from "./alerts.ts";

/** The kind of the alert. */
export const lostEntriesAlert = "transcript_lost";

/** Call it for each event once. */
export function warnOfLostEntries(alerts: Pick<Alerts, "raise">, event: FleetEvent): void {
  if (event.type !== "event" || event.message.kind !== "transcript_lost") return;
  const { detail, lost_entries: times = 1 } = event.message;
  const message = `${event.id}: entries of its transcript are lost: ${detail ?? "its host does not say why"}`;
  alerts.raise({ kind: lostEntriesAlert, severity: "warning", agentId: event.id, message, times });
}
