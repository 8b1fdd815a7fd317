// Keeps each budget under a key of its own in the bucket `serve`, which no agent reaches. Only the leader writes.
import * as v from "valibot";
import { type Budget, BudgetSchema } from "../../domain/budgets/budget.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket } from "../../nats/jetstream/bucket.ts";
import { followBucket } from "../../nats/jetstream/follow-bucket.ts";

const prefix = "budget.";

export interface BudgetStore {
  /** The oldest first. */
  list(): readonly Budget[];
  /** @throws CliaiError if the store takes nothing */
  put(budget: Budget): Promise<void>;
  /** @throws CliaiError if the store takes nothing */
  remove(budgetId: string): Promise<void>;
  /** Calls the listener after each change, whichever serve makes it. Returns the function that removes it. */
  onChange(listener: () => void): () => void;
  stop(): Promise<void>;
}

/** Resolves when the stored budgets have been read. */
export async function openBudgetStore(
  bus: Bus,
  { replicas, log }: { readonly replicas: number; readonly log: Logger },
): Promise<BudgetStore> {
  const bucket = await openBucket(bus, buckets.serve, { replicas });
  const budgets = new Map<string, Budget>();
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const take = (key: string, value: unknown) => {
    const read = v.safeParse(BudgetSchema, value);
    // A value that is no budget, which something else wrote, limits nothing.
    if (read.success && prefix + read.output.budget_id === key) budgets.set(key, read.output);
    else budgets.delete(key);
  };
  const entries = [...(await bucket.entries())].filter(([key]) => key.startsWith(prefix));
  for (const [key, { value }] of entries) take(key, value);
  const following = followBucket(bus, {
    bucket: buckets.serve,
    keys: `${prefix}>`,
    from: Math.max(0, ...entries.map(([, { revision }]) => revision)) + 1,
    log,
    onChange: ({ key, value }) => {
      take(key, value);
      tell();
    },
  });
  return {
    list: () => [...budgets.values()].sort((a, b) => (a.made_at < b.made_at ? -1 : 1)),
    async put(budget) {
      await bucket.put(prefix + budget.budget_id, budget);
      budgets.set(prefix + budget.budget_id, budget);
      tell();
    },
    async remove(budgetId) {
      await bucket.delete(prefix + budgetId);
      budgets.delete(prefix + budgetId);
      tell();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => following.stop(),
  };
}
