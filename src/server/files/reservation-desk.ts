// This room keeps what agents have reserved, and warns agents that change the same file.
//
// Keeps the reservations in the bucket `reservations`, under one key, so that two serves cannot grant the same path to two agents. Publishes them
// to the hosts, which decide by what they have heard last. The bucket drops its value when it is older than any reservation can be.
import * as v from "valibot";
import { type Reservation, ReservationsSchema } from "../../domain/files/reservation.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { buckets, reservationsSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket } from "../../nats/jetstream/bucket.ts";
import { followBucket } from "../../nats/jetstream/follow-bucket.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Lease } from "../lease.ts";
import { type Reserver, type Reserving, withoutReservation, withReservation } from "./reservation-book.ts";

export interface ReservationDesk {
  /** What stands now, the oldest first. */
  standing(): readonly Reservation[];
  /** @throws CliaiError `refused` naming the holder; `usage` for a path that cannot be reserved; what NATS answers */
  reserve(by: Reserver, reserving: Reserving): Promise<Reservation>;
  /** Resolves with what was released. @throws CliaiError `refused` for a path of another agent; `usage`; what NATS answers */
  release(by: Reserver, paths: readonly string[]): Promise<readonly string[]>;
  /** Resolves with what was released of this agent. @throws what NATS answers */
  releaseAll(id: AgentId): Promise<readonly Reservation[]>;
  stop(): Promise<void>;
}

export interface ReservationDeskOptions {
  readonly replicas: number;
  readonly lease: Lease;
  readonly fleet: Pick<FleetState, "record" | "records" | "onChange">;
  /** Whether this run of the agent may still live. */
  readonly mayLive: (id: AgentId, instanceId: string) => boolean;
  readonly now: () => Date;
  readonly log: Logger;
}

const key = "all";
/** Longer than the longest reservation. */
const keptMs = 25 * 60 * 60 * 1_000;
const mostTries = 20;
const lookEveryMs = 1_000;
/** How often the hosts are told again, because one may have missed it; and how often after the last reservation is over. */
const repeatEveryMs = 10_000;
const repeatsAfterwards = 6;
/** Hosts that connect within this time are told by one message. */
const tellWithinMs = 200;

/** Resolves when the stored reservations have been read. */
export async function openReservationDesk(
  bus: Bus,
  { replicas, lease, fleet, mayLive, now, log }: ReservationDeskOptions,
): Promise<ReservationDesk> {
  const bucket = await openBucket(bus, buckets.reservations, { replicas, keptMs });
  let known = { reservations: [] as readonly Reservation[], revision: 0 };
  const note = (value: unknown, revision: number) => {
    if (revision > known.revision) known = { reservations: readReservations(value), revision };
  };
  const stored = await bucket.entry(key);
  if (stored !== undefined) note(stored.value, stored.revision);
  const stands = ({ agent_id, instance_id, until }: Reservation) =>
    Date.parse(until) > now().getTime() &&
    fleet.record(agent_id) !== undefined &&
    (instance_id === undefined || mayLive(agent_id, instance_id));
  const standing = () => known.reservations.filter(stands);

  let repeats = repeatsAfterwards;
  const publish = () => {
    if (!bus.isConnected()) return;
    repeats = known.reservations.length > 0 ? repeatsAfterwards : repeats - 1;
    bus.publish(reservationsSubject, { reservations: standing() });
  };
  const following = followBucket(bus, {
    bucket: buckets.reservations,
    keys: key,
    from: known.revision + 1,
    log,
    onChange({ value, revision }) {
      note(value, revision);
      if (lease.isLeader()) publish();
    },
  });
  /** Replaces the reservations by what `next` makes of those that stand. Tries again if another serve was faster. */
  const change = async <Result extends { readonly all: readonly Reservation[] }>(
    next: (present: readonly Reservation[]) => Result,
  ): Promise<Result> => {
    for (let tries = 0; tries < mostTries; tries += 1) {
      const entry = await bucket.entry(key);
      const result = next(readReservations(entry?.value).filter(stands));
      const value = { reservations: result.all };
      const revision =
        entry === undefined
          ? await bucket.create(key, value)
          : await bucket.replace(key, value, entry.revision);
      if (revision === undefined) continue;
      note(value, revision);
      // Publish at once, before the caller has its answer; the leader does it again.
      publish();
      return result;
    }
    throw new CliaiError("no_answer", "the reservations are changed by others all the time", {
      hint: "call again",
    });
  };
  let isDropping = false;
  /** Drops what is over, so that it is not read again. */
  const dropEnded = async () => {
    if (isDropping || !bus.isConnected() || !lease.isLeader()) return;
    if (known.reservations.every(stands)) return;
    isDropping = true;
    try {
      await change((present) => ({ all: present }));
    } catch (error) {
      log.debug(`reservations that are over are not dropped yet: ${messageOf(error)}`);
    }
    isDropping = false;
  };
  const unlisten = watchNewRuns(fleet, () => {
    if (lease.isLeader() && known.reservations.length > 0) publish();
  });
  const looking = setInterval(dropEnded, lookEveryMs);
  const repeating = setInterval(() => {
    if (lease.isLeader() && repeats > 0) publish();
  }, repeatEveryMs);
  return {
    standing,
    async reserve(by, reserving) {
      return (await change((present) => withReservation(present, by, reserving, now()))).made;
    },
    async release(by, paths) {
      return (await change((present) => withoutReservation(present, by, paths))).released;
    },
    async releaseAll(id) {
      const { released } = await change((present) => {
        const [own, all] = [present.filter(isOf(id)), present.filter((each) => !isOf(id)(each))];
        return { all, released: own };
      });
      return released;
    },
    async stop() {
      unlisten();
      clearInterval(looking);
      clearInterval(repeating);
      await following.stop();
    },
  };
}

/**
 * Calls `tell` when runs have connected, because they have heard nothing yet: once for many, because each message goes to all hosts.
 * @returns the function that ends it
 */
function watchNewRuns(fleet: ReservationDeskOptions["fleet"], tell: () => void): () => void {
  const runOf = (id: AgentId) => fleet.record(id)?.heartbeat?.instance_id;
  const runs = new Map([...fleet.records()].map(({ agent_id }) => [agent_id, runOf(agent_id)]));
  let telling: NodeJS.Timeout | undefined;
  const tellSoon = () => {
    telling = undefined;
    tell();
  };
  const unlisten = fleet.onChange(({ ids }) => {
    for (const id of ids) {
      const run = runOf(id);
      if (runs.get(id) !== run) telling ??= setTimeout(tellSoon, tellWithinMs);
      if (run === undefined) runs.delete(id);
      else runs.set(id, run);
    }
  });
  return () => {
    unlisten();
    clearTimeout(telling);
  };
}

function isOf(id: AgentId): (reservation: Reservation) => boolean {
  return ({ agent_id }) => agent_id === id;
}

/** Ignores a value that something else wrote. */
function readReservations(value: unknown): readonly Reservation[] {
  const read = v.safeParse(ReservationsSchema, value);
  return read.success ? read.output.reservations : [];
}
