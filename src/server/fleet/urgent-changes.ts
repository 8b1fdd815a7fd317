// Tells the changes for which a person waits, so that a page shows them at once, from those that may wait for its next update.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { needsOf } from "../../domain/fleet/needs/needs-of.ts";
import { deriveAxes } from "../../domain/fleet/status.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";

export interface UrgentChanges {
  /** Whether the agent's status, its requests, its orders or their receipts differ from those of the last call. */
  isUrgent(id: AgentId, record: AgentRecord | undefined): boolean;
}

/** @param listeningSince since when heartbeats could be heard, RFC 3339 */
export function createUrgentChanges(now: () => Date, listeningSince: () => string): UrgentChanges {
  const known = new Map<AgentId, readonly [shown: string, orders: unknown, requests: unknown]>();
  return {
    isUrgent(id, record) {
      if (record === undefined) return known.delete(id);
      const before = known.get(id);
      // A record's lists stay the same objects until one of their entries changes.
      const latest = [
        shownValues(record, now(), listeningSince()),
        record.commands,
        record.requests,
      ] as const;
      known.set(id, latest);
      return latest.some((each, place) => each !== before?.[place]);
    },
  };
}

/** What time alone changes of what is shown. */
export function shownValues(record: AgentRecord, now: Date, listeningSince: string): string {
  const axes = deriveAxes(record, now, listeningSince);
  const { link, activity, control, attention } = axes;
  const kinds = needsOf(record, axes, now, listeningSince).map(({ kind }) => kind);
  return [link.value, activity.value, control.value, attention.value, ...kinds].join(" ");
}
