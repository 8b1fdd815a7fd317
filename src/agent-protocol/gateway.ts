// This room lets programs of others prompt our agents, by the Synadia agent protocol for NATS (docs/synadia.md).
//
// Keeps a seat for each peer: it connects to the account of each, and announces there the agents that are online.

import { beatIntervalS } from "../domain/agent-protocol/protocol-names.ts";
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { Bus } from "../nats/bus.ts";
import { atMost } from "../waiting.ts";
import { createAgentQueues } from "./agent-queues.ts";
import { createPeerSeat, type PeerSeat, type PeerSeatOptions } from "./peer-seat.ts";

/** A program of others that may prompt agents. */
export interface Peer {
  readonly name: string;
  /** Another one means other credentials: the peer is then connected anew. */
  readonly key: string;
  /** The agents that it may prompt; undefined for all. */
  readonly agents?: readonly AgentId[] | undefined;
  readonly mayPermit: boolean;
}

export interface GatewayOptions
  extends Pick<
    PeerSeatOptions,
    "server" | "fleetBus" | "owner" | "version" | "saveAttachments" | "takesFiles" | "now" | "log"
  > {
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
}

const lookEveryMs = 1_000;
const stopWithinMs = 5_000;

export function openGateway(options: GatewayOptions): Gateway {
  const { server, fleetBus, readPeers, connect, log } = options;
  const queues = createAgentQueues();
  const seats = new Map<string, Seated>();
  let isStopped = false;

  const sit = async (peer: Peer) => {
    const bus = await connect(peer);
    const { mayPermit, name } = peer;
    const seat = createPeerSeat({ ...options, by: `${name} (peer)`, mayPermit, peerBus: bus, queues });
    seats.set(peer.name, { peer, bus, seat });
  };
  const rise = async (name: string) => {
    const seated = seats.get(name);
    if (seated === undefined) return;
    seats.delete(name);
    await atMost(stopWithinMs, seated.seat.stop());
    if (seated.bus !== fleetBus) await seated.bus.close();
  };
  /** Returns what is wrong. */
  const sync = async (): Promise<readonly string[]> => {
    const peers = server.isLeader() ? await readPeers() : [];
    for (const { peer } of [...seats.values()]) {
      if (!peers.some((each) => isSame(each, peer))) await rise(peer.name);
    }
    const online =
      peers.length === 0 ? [] : server.fleet.list().filter(({ axes }) => axes.link.value === "online");
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
      await Promise.all([...seats.keys()].map(rise));
    },
  };
}

function mayPrompt({ agents }: Peer, id: AgentId): boolean {
  return agents === undefined || agents.includes(id);
}

function isSame(one: Peer, other: Peer): boolean {
  const facts = ({ name, key, agents, mayPermit }: Peer) => JSON.stringify([name, key, agents, mayPermit]);
  return facts(one) === facts(other);
}
