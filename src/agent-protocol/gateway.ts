// This room lets programs of others prompt our agents, by the Synadia agent protocol for NATS (docs/synadia.md).
//
// Keeps a seat for each peer: it connects to the account of each, and announces there the agents that are online.

import { isGuest } from "../domain/agent-protocol/guest-id.ts";
import { beatIntervalS } from "../domain/agent-protocol/protocol-names.ts";
import type { AgentView } from "../domain/fleet/agent-view.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Bus } from "../nats/bus.ts";
import { atMost } from "../waiting.ts";
import { createAgentQueues } from "./agent-queues.ts";
import { type Guests, type GuestsOptions, openGuests } from "./guests/guests.ts";
import { createPeerSeat, type PeerSeat, type PeerSeatOptions } from "./peer-seat.ts";

/** A program of others that may prompt agents. */
export interface Peer {
  readonly name: string;
  /** Another one means other credentials: the peer is then connected anew. */
  readonly key: string;
  /** The agents that it may prompt; undefined for all. */
  readonly agents?: readonly AgentId[] | undefined;
  readonly mayPermit: boolean;
  /** Whether the agents that it serves itself join the fleet. */
  readonly mayServe: boolean;
}

export interface GatewayOptions
  extends Pick<
    PeerSeatOptions,
    "fleetBus" | "owner" | "version" | "saveAttachments" | "takesFiles" | "now" | "log"
  > {
  readonly server: PeerSeatOptions["server"] & GuestsOptions["server"];
  readonly isReserved: GuestsOptions["isReserved"];
  /** For the agents of peers: how often they are looked for, how long one may be silent, and how often a change of one is told. */
  readonly guestTimes?: Pick<GuestsOptions, "lookEveryMs" | "silentForMs" | "wordEveryMs"> | undefined;
  /** The peers that there are now. */
  readonly readPeers: () => Promise<readonly Peer[]>;
  /** Connects to the account of a peer. The gateway closes the connection, unless it is `fleetBus`. */
  readonly connect: (peer: Peer) => Promise<Bus>;
}

export interface Gateway {
  stop(): Promise<void>;
}

interface Seated {
  readonly peer: Peer;
  readonly bus: Bus;
  readonly seat: PeerSeat;
  readonly guests: Guests | undefined;
}

const lookEveryMs = 1_000;
const stopWithinMs = 5_000;

export function openGateway(options: GatewayOptions): Gateway {
  const { server, fleetBus, readPeers, connect, guestTimes, log } = options;
  const queues = createAgentQueues();
  const seats = new Map<string, Seated>();
  let isStopped = false;

  const sit = async (peer: Peer) => {
    const bus = await connect(peer);
    const { mayPermit, mayServe, name } = peer;
    const seat = createPeerSeat({ ...options, by: `${name} (peer)`, mayPermit, peerBus: bus, queues });
    const guests = mayServe ? openGuests({ ...options, ...guestTimes, peer: name, peerBus: bus }) : undefined;
    seats.set(name, { peer, bus, seat, guests });
  };
  /** @param isRevoked whether the peer has gone, and not only this serve */
  const rise = async (name: string, isRevoked: boolean) => {
    const seated = seats.get(name);
    if (seated === undefined) return;
    seats.delete(name);
    const stopped = [seated.seat.stop(), seated.guests?.stop(isRevoked)];
    await atMost(stopWithinMs, Promise.allSettled(stopped));
    if (seated.bus !== fleetBus) await seated.bus.close();
  };
  /** Returns what is wrong. */
  const sync = async (): Promise<readonly string[]> => {
    const isLeader = server.isLeader();
    const peers = isLeader ? await readPeers() : [];
    for (const { peer } of [...seats.values()]) {
      if (!peers.some((each) => isSame(each, peer))) await rise(peer.name, isLeader);
    }
    // Not those of another peer, nor the peer's own.
    const isShown = (view: AgentView) => view.axes.link.value === "online" && !isGuest(view);
    const online = peers.length === 0 ? [] : server.fleet.list().filter(isShown);
    const faults: string[] = [];
    for (const peer of peers) {
      try {
        if (!seats.has(peer.name)) await sit(peer);
        await seats.get(peer.name)?.seat.show(online.filter(({ agent_id }) => mayPrompt(peer, agent_id)));
      } catch (error) {
        faults.push(`the agents are not announced to the peer ${peer.name}: ${messageOf(error)}`);
      }
    }
    return faults;
  };
  /** What was wrong at the last look: a fault that lasts is told once. */
  let told: readonly string[] = [];
  const tell = (faults: readonly string[]) => {
    for (const fault of faults) if (!told.includes(fault)) log.warn(fault);
    told = faults;
  };
  let last: Promise<void> = Promise.resolve();
  let isSyncing = false;
  const syncSoon = () => {
    if (isSyncing || isStopped) return;
    isSyncing = true;
    last = sync()
      .catch((error: unknown) => [`the peers cannot be read: ${messageOf(error)}`])
      .then(tell)
      .finally(() => {
        isSyncing = false;
      });
  };
  syncSoon();
  const looking = setInterval(syncSoon, lookEveryMs);
  const beating = setInterval(() => {
    for (const { seat } of seats.values()) seat.beat();
  }, beatIntervalS * 1000);
  return {
    async stop() {
      isStopped = true;
      clearInterval(looking);
      clearInterval(beating);
      await last;
      await Promise.all([...seats.keys()].map((name) => rise(name, false)));
    },
  };
}

function mayPrompt({ agents }: Peer, id: AgentId): boolean {
  return agents === undefined || agents.includes(id);
}

function isSame(one: Peer, other: Peer): boolean {
  const facts = ({ name, key, agents, mayPermit, mayServe }: Peer) =>
    JSON.stringify([name, key, agents, mayPermit, mayServe]);
  return facts(one) === facts(other);
}
