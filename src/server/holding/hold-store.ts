// Keeps the holds of each agent under its id in the bucket `holds`. Any serve may change them, by compare-and-set; every serve follows them.
import * as v from "valibot";
import { type AgentHolds, AgentHoldsSchema, isEmpty, noHolds } from "../../domain/holding/hold.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, isAgentId } from "../../domain/wire/agent-id.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket } from "../../nats/jetstream/bucket.ts";
import { followBucket } from "../../nats/jetstream/follow-bucket.ts";

/** A failed write means that another one succeeded. After this many in a row something else must be wrong. */
const mostTries = 50;

export interface HoldStore {
  of(id: AgentId): AgentHolds;
  /** The agents that have any. */
  ids(): readonly AgentId[];
  /**
   * Replaces what is stored of an agent by what `next` makes of it; the same state changes nothing.
   * @throws CliaiError if the store takes nothing
   */
  change(id: AgentId, next: (present: AgentHolds) => AgentHolds): Promise<void>;
  stop(): Promise<void>;
}

export interface HoldStoreOptions {
  readonly replicas: number;
  /** Is told of the holds of each agent at the start, and of each change, whoever makes it. */
  readonly onChange: (id: AgentId, holds: AgentHolds) => void;
  readonly log: Logger;
}

/** Resolves when the stored holds have been read. */
export async function openHoldStore(bus: Bus, options: HoldStoreOptions): Promise<HoldStore> {
  const { replicas, onChange, log } = options;
  const bucket = await openBucket(bus, buckets.holds, { replicas });
  const known = new Map<AgentId, { readonly state: AgentHolds; readonly revision: number }>();
  /** @param value undefined if the key was deleted */
  const note = (key: string, value: unknown, revision: number) => {
    if (!isAgentId(key) || revision <= (known.get(key)?.revision ?? 0)) return;
    const read = v.safeParse(AgentHoldsSchema, value);
    if (!read.success && value !== undefined)
      log.warn(`what is stored under "${key}" of the bucket holds is no hold: it is ignored`);
    const state = read.success ? read.output : noHolds;
    known.set(key, { state, revision });
    onChange(key, state);
  };
  const stored = [...(await bucket.entries())];
  for (const [key, { value, revision }] of stored) note(key, value, revision);
  const following = followBucket(bus, {
    bucket: buckets.holds,
    from: Math.max(0, ...stored.map(([, { revision }]) => revision)) + 1,
    log,
    onChange: ({ key, value, revision }) => note(key, value, revision),
  });
  const of = (id: AgentId) => known.get(id)?.state ?? noHolds;

  return {
    of,
    ids: () => [...known].filter(([, { state }]) => !isEmpty(state)).map(([id]) => id),
    async change(id, next) {
      for (let tries = 0; tries < mostTries; tries += 1) {
        const entry = await bucket.entry(id);
        if (entry !== undefined) note(id, entry.value, entry.revision);
        const read = v.safeParse(AgentHoldsSchema, entry?.value);
        const present = read.success ? read.output : noHolds;
        const state = next(present);
        if (state === present) return;
        const revision =
          entry === undefined
            ? await bucket.create(id, state)
            : await bucket.replace(id, state, entry.revision);
        if (revision === undefined) continue;
        note(id, state, revision);
        return;
      }
      throw new CliaiError("no_answer", `the holds of ${id} are changed too often at once`, {
        hint: "try again in a moment",
      });
    },
    stop: following.stop,
  };
}
