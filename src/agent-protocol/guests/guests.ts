// This room has agents of others in the fleet: those that a peer serves by the Synadia agent protocol (docs/synadia.md).
//
// Finds the agents in the account of one peer, and speaks for each to the fleet, as long as it is there.
import { guestCli, guestIdOf, guestPrefix } from "../../domain/agent-protocol/guest-id.ts";
import { agentProtocolSubject, agentsService } from "../../domain/agent-protocol/protocol-names.ts";
import { type AgentService, readBeat, readService } from "../../domain/agent-protocol/read-service.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { beginningOf } from "../../domain/text/summary.ts";
import { type AgentId, caseTwinOf } from "../../domain/wire/agent-id.ts";
import { askServices } from "../../nats/micro-client.ts";
import { atMost } from "../../waiting.ts";
import { type Guest, type GuestOptions, openGuest } from "./guest.ts";

export interface Guests {
  /** @param isRevoked whether the peer may serve agents no longer; otherwise only this serve stops speaking for them */
  stop(isRevoked: boolean): Promise<void>;
}

export interface GuestsOptions
  extends Pick<
    GuestOptions,
    "peerBus" | "fleetBus" | "server" | "silentForMs" | "wordEveryMs" | "now" | "log"
  > {
  /** The name of the peer. */
  readonly peer: string;
  /** The owner under which our own agents are announced, maybe in the same account. */
  readonly owner: string;
  /** Whether an agent of our own has, or had, this id. */
  readonly isReserved: (id: AgentId) => boolean;
  /** Default 5000. */
  readonly lookEveryMs?: number | undefined;
}

const usualLookMs = 5_000;
/** A heartbeat of an unknown agent has it looked for at once, but not more often than this. */
const lookAgainMs = 1_000;
const answersMs = { quietMs: 500, withinMs: 2_000 };
const mostAnswers = 256;
const mostAnswerBytes = 64 * 1024;
/** How many agents of one peer the fleet has at most, with those that are away. */
const mostGuests = 64;
const longestWarning = 300;
const pingWithinMs = 2_000;
const stopWithinMs = 4_000;

export function openGuests(options: GuestsOptions): Guests {
  const { peer, peerBus, owner, log, lookEveryMs = usualLookMs } = options;
  const guests = new Map<AgentId, Guest>();
  const told = new Set<string>();
  let isStopped = false;

  /** @param given may have words of the peer */
  const warnOnce = (given: string) => {
    const text = harmless(beginningOf(given, longestWarning));
    if (told.size >= mostAnswers || told.has(text)) return;
    told.add(text);
    log.warn(text);
  };
  /** The agents that are there now, with all runs of each. */
  const find = async (): Promise<Map<AgentId, AgentService[]>> => {
    const infos = await askServices(peerBus, `$SRV.INFO.${agentsService}`, {
      ...{ ...answersMs, most: mostAnswers, mostBytes: mostAnswerBytes, log },
    });
    const found = new Map<AgentId, AgentService[]>();
    for (const data of infos) {
      try {
        const service = readService(data);
        if (service.promptSubject.startsWith(agentProtocolSubject("prompt", owner, ""))) continue; // one of ours
        const id = guestIdOf(peer, service);
        found.set(id, [...(found.get(id) ?? []), service]);
      } catch (error) {
        warnOnce(`an agent of the peer ${peer} is left out: ${messageOf(error)}`);
      }
    }
    return found;
  };
  const meet = async (id: AgentId, runs: readonly AgentService[]) => {
    const known = guests.get(id);
    if (known !== undefined && runs.some(({ instanceId }) => instanceId === known.service.instanceId)) {
      return known.alive();
    }
    if (known !== undefined && !(await hasGone(known, options))) return;
    await part(known, "another one has taken its place");
    const [service] = runs.toSorted((one, other) => (one.instanceId < other.instanceId ? -1 : 1));
    const why = whyNot(id, options, guests.keys());
    if (why !== undefined) return warnOnce(`${id} does not join the fleet: ${why}`);
    if (service === undefined || isStopped) return;
    const guest = openGuest({ ...options, id, service, by: `${peer} (peer)` });
    guests.set(id, guest);
    await askStatus(guest, options);
  };
  const part = async (guest: Guest | undefined, why: string) => {
    if (guest === undefined) return;
    guests.delete(guest.id);
    await guest.leave(why);
  };
  const lookNow = async () => {
    if (!peerBus.isConnected()) return;
    const found = await find();
    for (const [id, runs] of found) await meet(id, runs);
    for (const guest of [...guests.values()]) {
      if (!found.has(guest.id) && (await hasGone(guest, options))) await part(guest, "its service is gone");
    }
  };
  const looks = createLooks(lookNow, (error) =>
    log.warn(`the agents of the peer ${peer}: ${messageOf(error)}`),
  );
  const stopBeats = peerBus.subscribe("agents.hb.>", ({ data }) => {
    try {
      const { instanceId, word } = readBeat(data);
      const guest = [...guests.values()].find(({ service }) => service.instanceId === instanceId);
      if (guest === undefined) looks.soon();
      else guest.alive(word);
    } catch (error) {
      log.debug(`a heartbeat in the account of the peer ${peer}: ${messageOf(error)}`);
    }
  });
  looks.soon();
  const looking = setInterval(looks.now, lookEveryMs);
  return {
    async stop(isRevoked) {
      isStopped = true;
      clearInterval(looking);
      stopBeats();
      const looked = looks.stop();
      const why = isRevoked ? `the peer ${peer} may serve agents no longer` : "cliai serve ended";
      await Promise.allSettled(
        [...guests.values()].map((guest) => (isRevoked ? guest.leave(why) : guest.stop(why))),
      );
      guests.clear();
      await atMost(stopWithinMs, looked);
    },
  };
}

/** Looks never overlap. */
function createLooks(look: () => Promise<void>, onError: (error: unknown) => void) {
  let last: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastAtMs = Number.NEGATIVE_INFINITY;
  let isStopped = false;
  const now = () => {
    if (last !== undefined || isStopped) return;
    clearTimeout(timer);
    timer = undefined;
    lastAtMs = performance.now();
    last = look()
      .catch(onError)
      .finally(() => {
        last = undefined;
      });
  };
  return {
    now,
    soon() {
      if (timer !== undefined || isStopped) return;
      const waitMs = Math.max(0, lastAtMs + lookAgainMs - performance.now());
      timer = setTimeout(() => {
        timer = undefined;
        now();
      }, waitMs);
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await last;
    },
  };
}

/**
 * Why an agent may not join the fleet under this id; undefined if it may.
 * @param joined the guests of the peer that have joined; the fleet may not have heard of them yet
 */
function whyNot(
  id: AgentId,
  { peer, server, isReserved }: GuestsOptions,
  joined: Iterable<AgentId>,
): string | undefined {
  const known = server.fleet.get(id);
  if (known !== undefined && known.cli !== guestCli) return "the fleet has an agent with this id";
  if (isReserved(id)) return "an agent of your own has this id";
  const ids = [...new Set([...server.fleet.list().map(({ agent_id }) => agent_id), ...joined])];
  const twin = caseTwinOf(id, ids);
  if (twin !== undefined) return `the id differs from ${twin} in case only`;
  if (known !== undefined) return undefined;
  const ofPeer = ids.filter((each) => each.startsWith(guestPrefix(peer))).length;
  return ofPeer < mostGuests
    ? undefined
    : `the peer has ${ofPeer} agents already; remove those that are gone: cliai agents remove ID`;
}

/** Whether nats-server says that nobody listens for it. An agent that is only too busy to answer is not gone. */
async function hasGone({ service }: Guest, { peerBus }: GuestsOptions): Promise<boolean> {
  const subject = `$SRV.PING.${agentsService}.${service.instanceId}`;
  try {
    await peerBus.request(subject, "", { timeoutMs: pingWithinMs });
    return false;
  } catch (error) {
    return error instanceof CliaiError && error.code === "server_unreachable";
  }
}

/** Its first heartbeat may have been missed, and the next one may be half a minute away. */
async function askStatus(guest: Guest, { peerBus, log }: GuestsOptions): Promise<void> {
  const { statusSubject } = guest.service;
  if (statusSubject === undefined) return;
  try {
    guest.alive(readBeat(await peerBus.request(statusSubject, "", { timeoutMs: pingWithinMs })).word);
  } catch (error) {
    log.debug(`the status of ${guest.id} is not known yet: ${messageOf(error)}`);
  }
}
