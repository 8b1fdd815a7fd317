// Records which call got an inbox item, until the item's receipt comes. Meanwhile no serve gives that item, or a later one, to another
// call. Stored in the bucket `serve`, one key for each agent, by compare-and-set.
import * as v from "valibot";
import type { OrderNames } from "../../domain/receipts.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket } from "../../nats/jetstream/bucket.ts";
import { followBucket } from "../../nats/jetstream/follow-bucket.ts";

const prefix = "hold.";
/**
 * How long a hold lasts if the bridge does not confirm; then the item is handed over again. Each serve measures a hold by its own
 * monotonic clock, from when it first saw the hold. So a wall clock that is set back does not prolong it.
 */
const confirmWithinMs = 30_000;
/** A failed write means that another call's write succeeded. After this many in a row something else must be wrong. */
const mostTries = 50;

const HoldSchema = v.object({
  request_id: v.string(),
  /** The run that made the call, if it named itself. */
  instance_id: v.exactOptional(v.string()),
  /** The token of the held order, because another order may come with the same id. Absent if the order has none or was not read yet. */
  token: v.exactOptional(v.string()),
  /** Ms since 1970. */
  until: v.number(),
  /** How long the hold lasts. Absent in holds that an earlier version wrote. */
  lasts_ms: v.exactOptional(v.number()),
});
type Hold = Readonly<v.InferOutput<typeof HoldSchema>>;
const AgentHoldsSchema = v.record(v.string(), HoldSchema);
type AgentHolds = Readonly<Record<string, Hold>>;

/** Ignores values that are not holds; something else wrote them. */
function readHolds(value: unknown): AgentHolds {
  const read = v.safeParse(AgentHoldsSchema, value);
  return read.success ? read.output : {};
}

/** A call that holds items. A repeated call is recognised by its request id. */
export interface Holder {
  readonly requestId: string;
  /** The run that makes the call. Its holds end when the agent has another run. */
  readonly instanceId?: string | undefined;
  /** How long the call may take to confirm. Default 30 s. */
  readonly confirmsWithinMs?: number | undefined;
}

export interface Holds {
  /** Whether no other call holds the item, as far as this serve has read. */
  isFree(id: AgentId, item: OrderNames, holder?: Holder): boolean;
  /** Whether this call holds the item already, because an earlier answer to the same call has handed it over. */
  isHeldBy(id: AgentId, item: OrderNames, holder: Holder): boolean;
  /** Holds for this call the items up to the first one that another call holds, and returns them. So no item overtakes a held one. */
  take(id: AgentId, items: readonly OrderNames[], holder: Holder): Promise<readonly OrderNames[]>;
  /** Releases items that this call did not get after all. */
  release(id: AgentId, commandIds: readonly string[], holder: Holder): Promise<void>;
  stop(): Promise<void>;
}

export interface HoldsOptions {
  readonly replicas: number;
  /** Whether this run of the agent may still live. */
  readonly mayLive: (id: AgentId, instanceId: string) => boolean;
  readonly now: () => Date;
  readonly log: Logger;
}

export async function openHolds(bus: Bus, { replicas, mayLive, now, log }: HoldsOptions): Promise<Holds> {
  const bucket = await openBucket(bus, buckets.serve, { replicas });
  interface Known {
    readonly holds: AgentHolds;
    /** When each hold ends, by `performance.now()`. */
    readonly overAtMs: ReadonlyMap<string, number>;
    readonly revision: number;
  }
  const known = new Map<string, Known>();
  const note = (key: string, holds: AgentHolds, revision: number) => {
    const before = known.get(key);
    if (revision <= (before?.revision ?? 0)) return;
    const overAt = ([name, hold]: [string, Hold]): [string, number] => {
      const { request_id, until, lasts_ms = Number.POSITIVE_INFINITY } = hold;
      const same = before?.holds[name];
      const seenAs = same?.request_id === request_id && same.until === until && before?.overAtMs.get(name);
      const leftMs = Math.min(until - now().getTime(), lasts_ms);
      return [name, seenAs || performance.now() + leftMs];
    };
    known.set(key, { holds, overAtMs: new Map(Object.entries(holds).map(overAt)), revision });
  };
  const following = followBucket(bus, {
    bucket: buckets.serve,
    keys: `${prefix}>`,
    from: 1,
    log,
    onChange: ({ key, value, revision }) => note(key, readHolds(value), revision),
  });
  const alive = (key: string): AgentHolds => {
    const { holds, overAtMs } = known.get(key) ?? {};
    const isAlive = ([name]: [string, Hold]) => (overAtMs?.get(name) ?? 0) > performance.now();
    return Object.fromEntries(Object.entries(holds ?? {}).filter(isAlive));
  };
  const isAnothers = (id: AgentId, holds: AgentHolds, item: OrderNames, holder?: Holder): boolean => {
    const hold = holds[item.command_id];
    if (hold === undefined || hold.request_id === holder?.requestId) return false;
    const { instance_id, token = item.token } = hold;
    if (item.token !== undefined && token !== item.token) return false;
    if (instance_id === undefined || instance_id === holder?.instanceId) return true;
    // The run that made the call has ended, and its call with it.
    return mayLive(id, instance_id);
  };
  /** Replaces an agent's holds by what `next` makes of the present ones; undefined changes nothing. Tries again if another call was faster. */
  const change = async (id: AgentId, next: (present: AgentHolds) => AgentHolds | undefined) => {
    const key = prefix + id;
    for (let tries = 0; tries < mostTries; tries += 1) {
      const holds = next(alive(key));
      if (holds === undefined) return;
      const before = known.get(key)?.revision;
      const revision = await (before === undefined
        ? bucket.create(key, holds)
        : bucket.replace(key, holds, before));
      if (revision !== undefined) {
        note(key, holds, revision);
        return;
      }
      const entry = await bucket.entry(key);
      if (entry !== undefined) note(key, readHolds(entry.value), entry.revision);
    }
    throw new CliaiError("no_answer", `too many calls ask for the inbox of ${id} at once`, {
      hint: "try again in a moment",
    });
  };

  return {
    isFree: (id, item, holder) => !isAnothers(id, alive(prefix + id), item, holder),
    isHeldBy: (id, { command_id, token }, { requestId }) => {
      const hold = alive(prefix + id)[command_id];
      return hold?.request_id === requestId && (hold.token === undefined || hold.token === token);
    },
    async take(id, items, holder) {
      const { requestId: request_id, instanceId: instance_id, confirmsWithinMs = confirmWithinMs } = holder;
      let taken: readonly OrderNames[] = [];
      await change(id, (present) => {
        const end = items.findIndex((each) => isAnothers(id, present, each, holder));
        taken = end === -1 ? items : items.slice(0, end);
        const until = now().getTime() + confirmsWithinMs;
        const lasts = { until, lasts_ms: confirmsWithinMs };
        const hold: Hold = { request_id, ...(instance_id === undefined ? {} : { instance_id }), ...lasts };
        const ours = taken.map(({ command_id, token }) => {
          return [command_id, token === undefined ? hold : { ...hold, token }] as const;
        });
        return taken.length === 0 ? undefined : { ...present, ...Object.fromEntries(ours) };
      });
      return taken;
    },
    release: (id, commandIds, { requestId }) =>
      change(id, (present) => {
        const kept = Object.entries(present).filter(
          ([each, { request_id }]) => !(request_id === requestId && commandIds.includes(each)),
        );
        return kept.length === Object.keys(present).length ? undefined : Object.fromEntries(kept);
      }),
    stop: following.stop,
  };
}
