// Keeps the usage limit of each account under a key of its own in the bucket `serve`. Only the leader writes.
import { createHash } from "node:crypto";
import * as v from "valibot";
import { type AccountLimit, AccountLimitSchema } from "../../domain/limits/account-limit.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket } from "../../nats/jetstream/bucket.ts";
import { followBucket } from "../../nats/jetstream/follow-bucket.ts";

const prefix = "limit.";

export interface LimitStore {
  of(account: string): AccountLimit | undefined;
  all(): readonly AccountLimit[];
  /** @throws CliaiError if the store takes nothing */
  put(limit: AccountLimit): Promise<void>;
  /** @throws CliaiError if the store takes nothing */
  drop(limit: AccountLimit): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when the stored limits have been read. */
export async function openLimitStore(
  bus: Bus,
  { replicas, log }: { readonly replicas: number; readonly log: Logger },
): Promise<LimitStore> {
  const bucket = await openBucket(bus, buckets.serve, { replicas });
  const limits = new Map<string, AccountLimit>();
  const take = (key: string, value: unknown) => {
    const read = v.safeParse(AccountLimitSchema, value);
    // A value that is no limit, which something else wrote, holds nobody.
    if (read.success && keyOf(read.output) === key) limits.set(key, read.output);
    else limits.delete(key);
  };
  const stored = [...(await bucket.entries())].filter(([key]) => key.startsWith(prefix));
  for (const [key, { value }] of stored) take(key, value);
  const following = followBucket(bus, {
    bucket: buckets.serve,
    keys: `${prefix}>`,
    from: Math.max(0, ...stored.map(([, { revision }]) => revision)) + 1,
    log,
    onChange: ({ key, value }) => take(key, value),
  });
  return {
    of: (account) => limits.get(keyOf({ account })),
    all: () => [...limits.values()],
    async put(limit) {
      await bucket.put(keyOf(limit), limit);
      limits.set(keyOf(limit), limit);
    },
    async drop(limit) {
      await bucket.delete(keyOf(limit));
      limits.delete(keyOf(limit));
    },
    stop: following.stop,
  };
}

/** An agent may name any text as its account, but a key may not be any text. */
function keyOf({ account }: Pick<AccountLimit, "account">): string {
  return prefix + createHash("sha256").update(account).digest("hex").slice(0, 32);
}
