// This room keeps the fleet: reads streams and heartbeats, applies the reducer, stores the records.
//
// The fleet in memory: applies events to records, and tells listeners which agents changed. `src/domain/fleet/reduce-agent.ts` decides
// what an event means.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { type AgentView, byAgentId, viewAgent } from "../../domain/fleet/agent-view.ts";
import { type FleetEvent, reduceAgent } from "../../domain/fleet/reduce-agent.ts";
import { aheadMs, setBack, setBackAtLeastMs } from "../../domain/fleet/set-back.ts";
import { withOwnBuckets } from "../../domain/fleet/stored-record.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import { type AgentId, isAgentId } from "../../domain/wire/agent-id.ts";
import type { FleetChange, FleetService } from "../server.ts";
import { createActivities } from "./activity.ts";
import { createTimelines } from "./timeline.ts";
import { createUrgentChanges, shownValues } from "./urgent-changes.ts";

const notifyEveryMs = 50;
/** How long a computed view is reused, because many open pages list the fleet at the same time. */
const viewHoldsMs = 100;
/** How often statuses are recomputed without an event, because an agent that falls silent sends none. */
const tickEveryMs = 1_000;

export interface FleetState extends FleetService {
  /** Applies an event. If the id differs from a known one in case only, refuses it and returns the known one as `twin`. */
  apply(event: FleetEvent): { readonly isNew: boolean } | { readonly twin: AgentId };
  /** Loads the stored records, at the start. */
  restore(records: Iterable<AgentRecord>): void;
  /** Replaces a record by the one that another serve has written, except for its open requests and its holds. */
  adopt(record: AgentRecord): { readonly isNew: boolean };
  /** Forgets an agent. If it is heard again, it is a new one. */
  remove(id: AgentId): void;
  record(id: AgentId): AgentRecord | undefined;
  /** All records, in no particular order. */
  records(): IteratorObject<AgentRecord>;
  stop(): void;
}

/** @param listeningSince since when heartbeats could be heard, RFC 3339 */
export function createFleetState(now: () => Date, listeningSince: () => string): FleetState {
  const records = new Map<AgentId, AgentRecord>();
  const idByLowerCase = new Map<string, AgentId>();
  const shownAxes = new Map<AgentId, string>();
  const urgent = createUrgentChanges(now, listeningSince);
  const changes = createChanges((id) => urgent.isUrgent(id, records.get(id)));
  const { mark } = changes;
  const timelines = createTimelines();
  const activities = createActivities();

  const set = (record: AgentRecord) => {
    records.set(record.agent_id, record);
    idByLowerCase.set(record.agent_id.toLowerCase(), record.agent_id);
  };
  const view = (record: AgentRecord | undefined): AgentView | undefined =>
    record === undefined ? undefined : viewAgent(record, now(), listeningSince());
  const listedView = createListedViews();
  const setBackByMs = createClockLook(now);
  const moveBack = (byMs: number) => {
    for (const record of byMs === 0 ? [] : records.values()) {
      const moved = setBack(record, now(), byMs);
      if (moved === record) continue;
      set(moved);
      mark(record.agent_id);
    }
  };
  const tick = setInterval(() => {
    moveBack(setBackByMs());
    for (const record of records.values()) {
      const axes = shownValues(record, now(), listeningSince());
      if (shownAxes.get(record.agent_id) !== axes) mark(record.agent_id);
      shownAxes.set(record.agent_id, axes);
    }
  }, tickEveryMs);

  return {
    apply(event) {
      const known = records.get(event.id);
      const twin = known === undefined ? idByLowerCase.get(event.id.toLowerCase()) : undefined;
      if (twin !== undefined) return { twin };
      const record = reduceAgent(known, event);
      timelines.add(event);
      activities.add(event);
      if (record !== known) {
        set(record);
        mark(event.id);
      }
      return { isNew: known === undefined };
    },
    restore(stored) {
      for (const record of withoutFuture([...stored], now())) set(record);
    },
    adopt(stored) {
      const id = stored.agent_id;
      const own = records.get(id);
      set(own === undefined ? stored : withOwnBuckets(stored, own));
      mark(id);
      return { isNew: own === undefined };
    },
    remove(id) {
      if (!records.delete(id)) return;
      idByLowerCase.delete(id.toLowerCase());
      shownAxes.delete(id);
      timelines.remove(id);
      activities.remove(id);
      mark(id);
    },
    record: (id) => records.get(id),
    records: () => records.values(),
    revision: changes.revision,
    list() {
      const [at, since] = [now(), listeningSince()];
      return [...records.values()].map((record) => listedView(record, at, since)).sort(byAgentId);
    },
    get: (id) => view(records.get(id)),
    require(text) {
      const known = isAgentId(text) ? view(records.get(text)) : undefined;
      if (known !== undefined) return known;
      throw unknownAgent(text, records.keys());
    },
    timeline: (id) => timelines.of(id),
    activity: (id) => activities.of(id, now()),
    changedSince: changes.changedSince,
    onChange: changes.onChange,
    stop() {
      clearInterval(tick);
      changes.stop();
    },
  };
}

interface Changes extends Pick<FleetService, "revision" | "changedSince" | "onChange"> {
  /** Notes that the agent has changed. Listeners are called up to 50 ms later, for all changes in between together. */
  mark(id: AgentId): void;
  stop(): void;
}

function createChanges(isUrgent: (id: AgentId) => boolean): Changes {
  const changedAt = new Map<AgentId, number>();
  const pending = new Set<AgentId>();
  const listeners = new Set<(change: FleetChange) => void>();
  let revision = 0;
  let notifying: ReturnType<typeof setTimeout> | undefined;
  const notify = () => {
    notifying = undefined;
    if (pending.size === 0) return;
    const ids = [...pending];
    pending.clear();
    revision += 1;
    for (const id of ids) changedAt.set(id, revision);
    // Ask about each of them, because the next change is compared with what was seen now.
    const change = { revision, ids, isUrgent: ids.filter(isUrgent).length > 0 };
    for (const listener of listeners) listener(change);
  };
  return {
    mark(id) {
      pending.add(id);
      notifying ??= setTimeout(notify, notifyEveryMs);
    },
    revision: () => revision,
    changedSince(since) {
      if (since > revision) return undefined;
      return [...changedAt].filter(([, at]) => at > since).map(([id]) => id);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => clearTimeout(notifying),
  };
}

/** Moves the records back if they are in the future: the clock may have been set back while no serve ran. */
function withoutFuture(stored: readonly AgentRecord[], now: Date): readonly AgentRecord[] {
  const byMs = Math.max(0, ...stored.map((record) => aheadMs(record, now)));
  return byMs < setBackAtLeastMs ? stored : stored.map((record) => setBack(record, now, byMs));
}

/** Returns a function that tells by how many ms the clock was set back since its last call; 0 below `setBackAtLeastMs`. */
function createClockLook(now: () => Date): () => number {
  const clockAheadMs = () => now().getTime() - performance.now();
  let knownAheadMs = clockAheadMs();
  return () => {
    const byMs = knownAheadMs - clockAheadMs();
    knownAheadMs = clockAheadMs();
    return byMs < setBackAtLeastMs ? 0 : byMs;
  };
}

/** Returns a function that computes the view of a record, and reuses it for `viewHoldsMs`. */
function createListedViews(): (record: AgentRecord, at: Date, since: string) => AgentView {
  const listed = new WeakMap<AgentRecord, { readonly view: AgentView; readonly at: Date; since: string }>();
  return (record, at, since) => {
    const known = listed.get(record);
    const ageMs =
      known === undefined ? Number.POSITIVE_INFINITY : Math.abs(at.getTime() - known.at.getTime());
    if (known !== undefined && ageMs < viewHoldsMs && known.since === since) return known.view;
    const view = viewAgent(record, at, since);
    listed.set(record, { view, at, since });
    return view;
  };
}

/** The error for an unknown id; its hint has the nearest known id. */
export function unknownAgent(text: string, known: Iterable<string>): CliaiError {
  return new CliaiError("agent_unknown", `no agent "${text}"`, {
    hint: didYouMean(text, known) ?? "list the agents: cliai ls",
  });
}
