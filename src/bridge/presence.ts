// Speaks for the agent to the fleet: through the host if there is one, else by the bridge's own heartbeats and order intake. If the
// host is gone, the bridge takes over; if the host answers again, the bridge hands back.
import {
  type AgentFacts,
  type Presence as Facts,
  type HeartbeatSender,
  startHeartbeat,
} from "../agent-link/heartbeat.ts";
import type { MessagingSocket } from "../agent-link/host-protocol.ts";
import type { Link } from "../agent-link/link.ts";
import { createOrderIntake, type OrderIntake } from "../agent-link/order-intake.ts";
import { isStop, type TakenOrder } from "../agent-link/read-order.ts";
import { definedOf } from "../domain/defined.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Logger } from "../log.ts";

import { type HostAddress, type HostLink, startHostLink } from "./host-link.ts";
import type { NotedOrders } from "./noted-orders.ts";

export interface Presence {
  /** The id of the run for which the bridge speaks now. */
  instanceId(): string;
  current(): Facts;
  update(changes: Partial<Facts>): void;
  /** Sends a heartbeat now, unless a host speaks for the agent. */
  beat(): void;
  /** Whether no host speaks for the agent, so that this bridge must say the goodbye. */
  isAlone(): boolean;
  stopOrders(): void;
  stop(): void;
}

export interface PresenceOptions {
  readonly id: AgentId;
  readonly facts: AgentFacts;
  readonly intervalS: number;
  readonly link: Link;
  readonly host: HostAddress | undefined;
  /** The socket on which the CLI's session takes messages. The bridge tells it to the host, which writes to it. */
  readonly messaging: MessagingSocket | undefined;
  /** The orders that check_inbox has handed over. */
  readonly handedOver: Pick<NotedOrders, "has">;
  /** The orders that the client has acknowledged. */
  readonly acknowledged: Pick<NotedOrders, "has">;
  readonly onStop: (order: TakenOrder) => void;
  readonly createId: () => string;
  readonly now: () => Date;
  readonly log: Logger;
}

/** What the bridge runs while no host speaks for the agent. */
interface Alone {
  readonly heartbeat: HeartbeatSender;
  readonly orders: OrderIntake;
  unlisten(): void;
}

export function startPresence(options: PresenceOptions): Presence {
  const { id, link, host, messaging, handedOver, acknowledged, onStop, now, log } = options;
  let instanceId = host?.instanceId ?? options.createId();
  let facts: Facts = { status: "starting", current_task: "" };
  let alone: Alone | undefined;
  let hostLink: HostLink | undefined;
  const beganMs = performance.now();

  const standAlone = () => {
    const heartbeat = startHeartbeat({
      ...{ id, instanceId, facts: options.facts, intervalS: options.intervalS, link, now, log },
    });
    // Also take control orders for the host's run that the host did not take before it ended: they are for the same session.
    const ids = host === undefined ? [instanceId] : [instanceId, host.instanceId];
    const orders = createOrderIntake({
      ...{ id, now, log },
      run: { ids, beganMs },
      wasHandedOver: handedOver.has,
      wasAcknowledged: acknowledged.has,
      onOrder: (order) => {
        if (isStop(order)) onStop(order);
      },
    });
    const unlisten = link.onChange((bus) => {
      if (bus !== undefined) orders.attach(bus);
    });
    alone = { heartbeat, orders, unlisten };
    heartbeat.update(facts);
    const bus = link.bus();
    if (bus !== undefined) orders.attach(bus);
  };
  if (host === undefined) {
    standAlone();
  } else {
    const takeOver = () => {
      // A new run, because the host's run has ended with the host.
      instanceId = options.createId();
      standAlone();
    };
    /** Ends the bridge's own heartbeats and intake, because only one may speak for an agent, and only the host can hold it. */
    const handBack = () => {
      alone?.unlisten();
      alone?.heartbeat.stop();
      void alone?.orders.stop();
      alone = undefined;
      instanceId = host.instanceId;
      hostLink?.tell({ ...facts, ...definedOf({ messaging }) });
    };
    hostLink = startHostLink({ host, onGone: takeOver, onBack: handBack, log });
    hostLink.tell(definedOf({ messaging }));
  }

  return {
    instanceId: () => instanceId,
    current: () => alone?.heartbeat.presence() ?? facts,
    update(changes) {
      facts = { ...facts, ...changes };
      if (alone === undefined) hostLink?.tell(changes);
      else alone.heartbeat.update(changes);
    },
    beat: () => alone?.heartbeat.beat(),
    isAlone: () => alone !== undefined,
    stopOrders: () => void alone?.orders.stop(),
    stop() {
      hostLink?.stop();
      alone?.heartbeat.stop();
    },
  };
}
