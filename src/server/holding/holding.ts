// This room holds agents back, and lets them go: it keeps the holds, and gives the orders that follow from them.
//
// Other rooms hold an agent and let it go by `Holding`. Only the leader gives orders. It looks often, by the wall clock, and uses no long timer:
// so an end that passed while the machine slept, or that a clock jumped over, is seen at the next look.
import { isGuest } from "../../domain/agent-protocol/guest-id.ts";
import { controlOrders } from "../../domain/fleet/axis/control.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import {
  type AgentHolds,
  type Hold,
  holderName,
  holdOrderId,
  holdWords,
  isEmpty,
  isHoldOrder,
  isSameHold,
  keepsTexts,
  withHold,
  withOverridden,
  withoutHold,
  withoutOver,
} from "../../domain/holding/hold.ts";
import { neededOrder, overriddenOf } from "../../domain/holding/hold-orders.ts";
import { type CommandRecord, isDeclined } from "../../domain/receipts.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import { forEach } from "../inbox/for-each.ts";
import type { Lease } from "../lease.ts";
import { takes } from "../order-target.ts";
import { storeCommand } from "../send-command.ts";
import type { Holding } from "../server-desks.ts";
import { type HoldStore, openHoldStore } from "./hold-store.ts";

const lookEveryMs = 500;

export interface HoldingOptions {
  readonly replicas: number;
  readonly lease: Lease;
  readonly fleet: FleetState;
  readonly onEvent: (event: FleetEvent) => void;
  /** Resolves when all orders that are stored by now are in the agent's record. */
  readonly readAll: (id: AgentId) => Promise<unknown>;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Resolves when each agent's record has its holds. */
export async function openHolding(
  bus: Bus,
  options: HoldingOptions,
): Promise<Holding & { stop(): Promise<void> }> {
  const { fleet, onEvent, now } = options;
  const listeners = new Set<(id: AgentId, holds: readonly Hold[]) => void>();
  const endings = new Set<(id: AgentId, hold: Hold) => Promise<void>>();
  const show = (id: AgentId, { holds }: AgentHolds) => {
    if (fleet.record(id) !== undefined) onEvent({ type: "holds", id, at: now().toISOString(), holds });
  };
  const store = await openHoldStore(bus, { ...options, onChange: show });
  // The records may be older than the holds.
  for (const { agent_id } of fleet
    .records()
    .filter(({ holds }) => holds !== undefined)
    .toArray())
    show(agent_id, store.of(agent_id));
  const looking = startLooking(bus, store, options, {
    onResumed: (id, holds) => {
      for (const listener of listeners) listener(id, holds);
    },
    onEnding: async (id, hold) => {
      for (const listener of endings) await listener(id, hold);
    },
  });

  return {
    async hold(id, hold) {
      const { agent_id, commands_seq } = fleet.record(id) ?? fleet.require(id);
      let isStanding = false;
      await store.change(agent_id, (present) => {
        const next = withHold(present, { ...hold, since: now().toISOString(), after_seq: commands_seq });
        isStanding = next.holds.some((each) => isSameHold(each, hold));
        return next;
      });
      looking.look(agent_id);
      return isStanding;
    },
    async letGo(id, reason, source) {
      if (isEmpty(store.of(id))) return;
      await store.change(id, (present) => withoutHold(present, { reason, source }));
      looking.look(id);
    },
    holdsOf: (id) => store.of(id).holds,
    overriddenOf: (id) => store.of(id).overridden,
    onPersonResumed(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onEnding(listener) {
      endings.add(listener);
      return () => endings.delete(listener);
    },
    async stop() {
      await looking.stop();
      await store.stop();
    },
  };
}

interface LookingListeners {
  onResumed(id: AgentId, holds: readonly Hold[]): void;
  onEnding(id: AgentId, hold: Hold): Promise<void>;
}

/** Brings the agents and their holds together, again and again: only in the serve that leads. */
function startLooking(
  bus: Bus,
  store: HoldStore,
  { lease, fleet, readAll, now, log }: HoldingOptions,
  { onResumed, onEnding }: LookingListeners,
) {
  const endOver = async (id: AgentId) => {
    const record = fleet.record(id);
    const lifted = record === undefined ? [] : overriddenOf(store.of(id).holds, record);
    const at = now();
    const next = (state: AgentHolds) => withoutOver(withOverridden(state, lifted), at);
    const [before, after] = [store.of(id), next(store.of(id))];
    if (after === before) return;
    for (const hold of before.holds) if (!after.holds.includes(hold)) await onEnding(id, hold);
    await store.change(id, next);
    if (lifted.length > 0) onResumed(id, lifted);
  };
  const needed = (id: AgentId) => {
    const record = fleet.record(id);
    if (record === undefined || isGuest(record) || !lease.isLeader()) return undefined;
    const { holds } = store.of(id);
    const type = neededOrder(holds, record, now());
    if (type === undefined || !takes(type, record, now())) return undefined;
    return { record, type, reason: type === "pause" ? holdWords(holds) : "nothing holds it any more" };
  };
  const settle = async (id: AgentId) => {
    await endOver(id);
    if (needed(id) === undefined) return;
    // An order that was stored and not read yet may be the one that is needed.
    await readAll(id);
    await endOver(id);
    const order = needed(id);
    if (order === undefined) return;
    const { record, type, reason } = order;
    const command_id = holdOrderId(crypto.randomUUID());
    const holdsTexts = type === "pause" && keepsTexts(store.of(id).holds);
    await storeCommand(bus, { id, type, reason, holdsTexts, from: holderName, command_id }, now(), record);
    await readAll(id);
  };
  const toLookAt = new Set<AgentId>();
  let looking: Promise<void> | undefined;
  let isStopped = false;
  const lookAtAll = () => {
    if (looking !== undefined || isStopped || !bus.isConnected() || !lease.isLeader()) return;
    const ids = new Set([...store.ids(), ...toLookAt, ...heldByUs(fleet)]);
    toLookAt.clear();
    if (ids.size === 0) return;
    looking = forEach(ids, settle)
      .catch((error: unknown) => log.debug(`what holds agents is not settled yet: ${messageOf(error)}`))
      .finally(() => {
        looking = undefined;
        if (toLookAt.size > 0) lookAtAll();
      });
  };
  const timer = setInterval(lookAtAll, lookEveryMs);
  return {
    /** Looks at the agent at once. */
    look(id: AgentId) {
      toLookAt.add(id);
      lookAtAll();
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await looking;
    },
  };
}

/** The agents that a pause of ours may still hold: of the control orders that were carried out, or still may be, the last is a pause of ours. */
function heldByUs(fleet: FleetState): readonly AgentId[] {
  return fleet
    .records()
    .filter((record) => {
      if (!record.commands.some(isPauseOfOurs)) return false;
      const last = controlOrders(record).findLast((order) => !isDeclined(order));
      return last !== undefined && isPauseOfOurs(last);
    })
    .map(({ agent_id }) => agent_id)
    .toArray();
}

function isPauseOfOurs(order: CommandRecord): boolean {
  return order.type === "pause" && isHoldOrder(order);
}
