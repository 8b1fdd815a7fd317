// Keeps one alert for all hooks, or all targets, that fail now: it names each with its reason, and ends when none fails any more.
import type { Alerts } from "../server/alerts/alerts.ts";

export interface Failures {
  /** @param reason undefined if it has worked, or is gone */
  set(name: string, reason: string | undefined): void;
  /** All others are gone. */
  keepOnly(names: readonly string[]): void;
}

/** @param what what the names are, such as `hook` */
export function createFailures(
  alerts: Pick<Alerts, "raiseOwn" | "resolve">,
  kind: string,
  what: string,
): Failures {
  const failing = new Map<string, string>();
  let isRaised = true; // an alert of an earlier serve may stand
  const set: Failures["set"] = (name, reason) => {
    if (reason === undefined) failing.delete(name);
    else failing.set(name, reason);
    if (failing.size > 0) {
      if (reason === undefined) return;
      const message = [...failing].map(([each, why]) => `${what} ${each}: ${why}`).join("; ");
      isRaised = true;
      alerts.raiseOwn({ kind, severity: "warning", message });
    } else if (isRaised) {
      isRaised = false;
      alerts.resolve(kind, undefined);
    }
  };
  return {
    set,
    keepOnly(names) {
      for (const name of [...failing.keys()]) if (!names.includes(name)) set(name, undefined);
    },
  };
}
