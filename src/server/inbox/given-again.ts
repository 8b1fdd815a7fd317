// Has an agent's orders given again that were given to a bridge and never acknowledged: the bridge was killed in between, or stood
// still. JetStream does so after `ack_wait`, by the wall clock: one that is set back by an hour holds it up for an hour. This is
// measured by a monotonic clock. The leader does it.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { dropUnacknowledged } from "../../nats/jetstream/consumers.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Lease } from "../lease.ts";
import type { BridgeConsumers } from "./bridge-consumers.ts";

const lookEveryMs = 1_000;
/** Longer than `ack_wait`: where the clock was not set, JetStream has done it by then. */
const defaultAfterMs = 35_000;

export interface GivenAgainOptions {
  readonly bus: Bus;
  readonly fleet: FleetState;
  readonly lease: Lease;
  readonly consumers: Pick<BridgeConsumers, "make">;
  /** How long the first order that waits for an agent that is online may stay the same. */
  readonly afterMs?: number | undefined;
  readonly log: Logger;
}

/** Returns the way to end it. */
export function giveAgain(options: GivenAgainOptions): () => void {
  const { bus, fleet, lease, consumers, afterMs = defaultAfterMs, log } = options;
  /** Of each agent, the order that is to be delivered next, and since when it is. */
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
    log.info(`${id}: orders that were given out and not acknowledged are given again`);
  };
  let isLooking = false;
  const timer = setInterval(async () => {
    if (!lease.isLeader()) fronts.clear();
    if (isLooking || !bus.isConnected() || !lease.isLeader()) return;
    isLooking = true;
    try {
      note();
      const nowMs = performance.now();
      for (const [id, { seq, sinceMs }] of [...fronts])
        if (nowMs - sinceMs >= afterMs) await giveAgainTo(id, seq);
    } catch (error) {
      log.debug(`orders are not given again yet: ${messageOf(error)}`);
    }
    isLooking = false;
  }, lookEveryMs);
  return () => clearInterval(timer);
}

/** Where the stream has it. With a second run beside the agent's own, that one would take the first one's orders for ended. */
function firstUndelivered({ commands, other_runs }: AgentRecord): number | undefined {
  if (other_runs !== undefined) return undefined;
  const waiting = commands.filter(
    ({ receipts, stream_seq }) => stream_seq > 0 && receipts.at(-1)?.state === "stored",
  );
  return waiting.length === 0 ? undefined : Math.min(...waiting.map(({ stream_seq }) => stream_seq));
}
