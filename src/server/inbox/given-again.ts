// Delivers orders again that were delivered to a host or bridge and not acknowledged, because it was killed or suspended. JetStream does
// this after `ack_wait` by the wall clock: if the clock is set back by an hour, it takes an hour longer. So the leader also does it, by a
// monotonic clock.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { dropUnacknowledged } from "../../nats/jetstream/consumers.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Lease } from "../lease.ts";
import type { BridgeConsumers } from "./bridge-consumers.ts";
import { forEach } from "./for-each.ts";

const lookEveryMs = 1_000;
/** Longer than `ack_wait`, so that JetStream does it first unless the clock was set back. */
const defaultAfterMs = 35_000;

export interface GivenAgainOptions {
  readonly bus: Bus;
  readonly fleet: FleetState;
  readonly lease: Lease;
  readonly consumers: Pick<BridgeConsumers, "make">;
  /** How long the first undelivered order of an online agent may stay the same. Default 35000. */
  readonly afterMs?: number | undefined;
  readonly log: Logger;
}

/** Returns a function that ends it. */
export function giveAgain(options: GivenAgainOptions): () => void {
  const { bus, fleet, lease, consumers, afterMs = defaultAfterMs, log } = options;
  /** Each agent's first undelivered order, and since when it is the first, by `performance.now()`. */
  let fronts = new Map<AgentId, { readonly seq: number; readonly sinceMs: number }>();

  const note = () => {
    const seen = new Map<AgentId, { readonly seq: number; readonly sinceMs: number }>();
    for (const record of fleet.records()) {
      const id = record.agent_id;
      const seq = firstUndelivered(record);
      if (seq === undefined || fleet.get(id)?.axes.link.value !== "online") continue;
      const before = fronts.get(id);
      seen.set(id, before?.seq === seq ? before : { seq, sinceMs: performance.now() });
    }
    fronts = seen;
  };
  const giveAgainTo = async (id: AgentId, seq: number) => {
    fronts.set(id, { seq, sinceMs: performance.now() });
    if (!(await dropUnacknowledged(bus, id))) return;
    consumers.make(id);
    log.info(`${id}: orders that were delivered and not acknowledged are delivered again`);
  };
  let isLooking = false;
  const timer = setInterval(async () => {
    if (!lease.isLeader()) fronts.clear();
    if (isLooking || !bus.isConnected() || !lease.isLeader()) return;
    isLooking = true;
    try {
      note();
      const nowMs = performance.now();
      const due = fronts.entries().filter(([, { sinceMs }]) => nowMs - sinceMs >= afterMs);
      await forEach(due.toArray(), ([id, { seq }]) => giveAgainTo(id, seq));
    } catch (error) {
      log.debug(`orders are not delivered again yet: ${messageOf(error)}`);
    }
    isLooking = false;
  }, lookEveryMs);
  return () => clearInterval(timer);
}

/** The sequence of the first order that is only `stored`. Undefined if the agent has a second run, which would fail the first run's orders. */
function firstUndelivered({ commands, other_runs }: AgentRecord): number | undefined {
  if (other_runs !== undefined) return undefined;
  const waiting = commands.filter(
    ({ receipts, stream_seq }) => stream_seq > 0 && receipts.at(-1)?.state === "stored",
  );
  return waiting.length === 0 ? undefined : Math.min(...waiting.map(({ stream_seq }) => stream_seq));
}
