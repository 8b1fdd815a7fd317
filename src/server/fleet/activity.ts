// Counts the events of each agent by minute, in memory, for the small pictures of its activity.
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";

const minuteMs = 60_000;
/** So many whole minutes are told; the present one is not whole yet. */
export const activityMinutes = 30;
const kept = activityMinutes + 1;

export interface Activities {
  add(event: FleetEvent): void;
  remove(id: AgentId): void;
  /** The counts of the last whole minutes, oldest first. */
  of(id: AgentId, now: Date): readonly number[];
}

interface Counts {
  /** The minute since 1970 of each place. */
  readonly minutes: number[];
  readonly counts: number[];
}

export function createActivities(): Activities {
  const all = new Map<AgentId, Counts>();
  return {
    add(event) {
      if (!isActivity(event)) return;
      const minute = Math.floor(Date.parse(event.at) / minuteMs);
      const own = all.get(event.id) ?? { minutes: Array(kept).fill(0), counts: Array(kept).fill(0) };
      all.set(event.id, own);
      const place = minute % kept;
      const before = own.minutes[place] ?? 0;
      // An event can come late, for example when old events are read again.
      if (before > minute) return;
      own.counts[place] = before === minute ? (own.counts[place] ?? 0) + 1 : 1;
      own.minutes[place] = minute;
    },
    remove: (id) => {
      all.delete(id);
    },
    of(id, now) {
      const own = all.get(id);
      const present = Math.floor(now.getTime() / minuteMs);
      return Array.from({ length: activityMinutes }, (_, index) => {
        const minute = present - activityMinutes + index;
        return own?.minutes[minute % kept] === minute ? (own.counts[minute % kept] ?? 0) : 0;
      });
    },
  };
}

/** Whether the agent itself did something; heartbeats and orders tell nothing of that. */
function isActivity({ type }: FleetEvent): boolean {
  return type === "event" || type === "status";
}
