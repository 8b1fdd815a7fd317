// This room holds the agents of an account while a usage limit of it lasts, and lets them go on afterwards.
//
// Notes each turn that fails at a usage limit, and each CLI that asks again at one, and holds all agents of its account (`Holding`). At the end of the limit the agents go on, one after
// the other; an agent whose turn has failed gets a task to go on. Only the leader does it. It looks often, by the wall clock.
import { isGuest } from "../../domain/agent-protocol/guest-id.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import type { Hold, NewHold } from "../../domain/holding/hold.ts";
import { goesOnAfter } from "../../domain/holding/hold-orders.ts";
import {
  type AccountLimit,
  isTurnAfter,
  type LimitFailure,
  turnsAfter,
} from "../../domain/limits/account-limit.ts";
import {
  accountOf,
  failureAt,
  holdOf,
  isResumedSince,
  limitFailureOf,
  limitRetryOf,
} from "../../domain/limits/limited-agent.ts";
import type { OnLimit } from "../../domain/limits/on-limit.ts";
import { type OnLimitRules, onLimitOf } from "../../domain/limits/on-limit-rules.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import { forEach } from "../inbox/for-each.ts";
import type { Lease } from "../lease.ts";
import { takes } from "../order-target.ts";
import type { Holding } from "../server-desks.ts";
import { createLimitNotes } from "./limit-notes.ts";
import { createLimitOrders } from "./limit-orders.ts";
import { openLimitStore } from "./limit-store.ts";

const lookEveryMs = 500;

export interface LimitsOptions {
  readonly replicas: number;
  readonly lease: Lease;
  readonly fleet: FleetState;
  readonly holding: Holding;
  /** What agents do whose profile does not say it. */
  readonly onLimit: OnLimitRules;
  /** Resolves when all orders that are stored by now are in the agent's record. */
  readonly readAll: (id: AgentId) => Promise<unknown>;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Resolves when the stored limits have been read. Returns the function that ends it. */
export async function watchLimits(bus: Bus, options: LimitsOptions): Promise<() => Promise<void>> {
  const { lease, fleet, holding, onLimit, now, log } = options;
  const store = await openLimitStore(bus, options);
  const { goOn, stop } = createLimitOrders(bus, options);
  const doesAt = ({ agent_id, heartbeat }: AgentRecord): OnLimit =>
    heartbeat?.on_limit ?? onLimitOf(onLimit, fleet.get(agent_id));
  const agents = () =>
    fleet
      .records()
      .filter((record) => !isGuest(record) && takes("pause", record, now()))
      .toArray();

  const { isOver, noteFailures, noteRetries, noteEnd } = createLimitNotes(store, { fleet, now });
  const keepHeld = async (limit: AccountLimit, members: readonly AgentRecord[]) => {
    const turns = turnsAfter(
      limit,
      members.map(({ agent_id, heartbeat }) => ({ agent_id, priority: heartbeat?.priority ?? 0 })),
    );
    await forEach(members, async (record) => {
      const { agent_id: id } = record;
      const [does, until] = [doesAt(record), turns.get(id)];
      if (until === undefined) return;
      if (does === "stop") return isOver(limit) ? undefined : await stop(id, limit);
      // It goes on by itself as soon as its model answers.
      if (does === "resume" && limitRetryOf(record) !== undefined) return;
      const hold = holdOf(limit, until, does);
      // Of a limit that has ended, only those are held still whose turn has not come.
      if (isOver(limit) && !isHeldBy(holding.holdsOf(id), hold)) return;
      if (!isNeeded(hold, limit, holding.holdsOf(id), holding.overriddenOf(id))) return;
      await holding.hold(id, hold);
    });
  };
  const goOnUnheld = async ({ agent_id: id }: AgentRecord, failure: LimitFailure, since?: string) => {
    if (holding.holdsOf(id).length > 0) return;
    if (fleet.get(id)?.axes.control.value === "running") await goOn(id, failure, since);
  };
  /** Gives the task to go on also to an agent that was not held when the limit ended, for example because a person had let it go too early. */
  const goOnAfter = async (limit: AccountLimit, record: AgentRecord) => {
    const failure = failureAt(limit, record);
    if (failure !== undefined && doesAt(record) === "resume") await goOnUnheld(record, failure, limit.since);
  };
  /** The same for an agent that a person lets go once more, because its turn has failed again: no hold ends then. */
  const goOnResumed = async (record: AgentRecord) => {
    const failure = limitFailureOf(record);
    if (failure === undefined || !isResumedSince(record, failure)) return;
    const limit = store.of(failure.account);
    const isAtLimit = limit !== undefined && failureAt(limit, record) !== undefined;
    await goOnUnheld(record, failure, isAtLimit ? limit.since : undefined);
  };
  const look = async () => {
    const records = agents();
    await noteFailures(records);
    await noteRetries(records);
    for (const { account } of store.all()) {
      const members = records.filter((record) => accountOf(record) === account);
      const before = store.of(account);
      if (before !== undefined) await noteEnd(before, members);
      const limit = store.of(account);
      if (limit === undefined) continue;
      await keepHeld(limit, members);
      if (isOver(limit)) await forEach(members, (record) => goOnAfter(limit, record));
    }
    await forEach(records, goOnResumed);
  };

  // The task comes before the hold ends, so that the agent is never idle without one. What is kept back still gets it when it goes on.
  const endGoingOn = holding.onEnding(async (id, hold) => {
    const record = fleet.record(id);
    const failure = record && limitFailureOf(record);
    if (hold.reason !== "usage_limit" || record === undefined || failure === undefined) return;
    if (goesOnAfter(hold, holding.holdsOf(id), record, now()))
      await goOn(id, failure, store.of(failure.account)?.since);
  });
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    if (looking !== undefined || !bus.isConnected() || !lease.isLeader()) return;
    looking = look()
      .catch((error: unknown) => log.debug(`usage limits are not seen to yet: ${messageOf(error)}`))
      .finally(() => {
        looking = undefined;
      });
  }, lookEveryMs);
  return async () => {
    clearInterval(timer);
    endGoingOn();
    await looking;
    await store.stop();
  };
}

function isHeldBy(holds: readonly Hold[], { source }: NewHold): boolean {
  return holds.some((each) => each.reason === "usage_limit" && each.source === source);
}

/** Whether the hold changes what holds the agent. If a person has overridden it, only whether it lasts longer now: then its override must, too. */
function isNeeded(
  hold: NewHold,
  limit: AccountLimit,
  holds: readonly Hold[],
  overridden: readonly Hold[],
): boolean {
  const { source, cause, until, words } = hold;
  // A turn that was given stays: else each agent that comes or goes would have the holds of all others written anew.
  const isTurn = (moment: string | undefined) =>
    moment === until || (moment !== undefined && until !== undefined && isTurnAfter(limit, moment));
  const lifted = overridden.find((each) => each.source === source && each.cause === cause);
  if (lifted !== undefined) return !isTurn(lifted.until);
  return !holds.some(
    (each) => each.source === source && isTurn(each.until) && each.words === words && each.cause === cause,
  );
}
