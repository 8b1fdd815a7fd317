// This room keeps the standing rules, and lets them decide permissions.
//
// Keeps each rule under a key of its own in the bucket `serve`, which no agent reaches.
import * as v from "valibot";
import { RuleSchema, type StandingRule } from "../../domain/rules/standing-rule.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket } from "../../nats/jetstream/bucket.ts";
import { followBucket } from "../../nats/jetstream/follow-bucket.ts";

const prefix = "rule.";

export interface RuleStore {
  /** The oldest first. */
  list(): readonly StandingRule[];
  add(rule: StandingRule): Promise<void>;
  remove(ruleId: string): Promise<void>;
  /** Whether the rule stands now, also if another serve has just revoked it. */
  stands(ruleId: string): Promise<boolean>;
  stop(): Promise<void>;
}

/** Resolves when the stored rules have been read. */
export async function openRuleStore(
  bus: Bus,
  { replicas, log }: { readonly replicas: number; readonly log: Logger },
): Promise<RuleStore> {
  const bucket = await openBucket(bus, buckets.serve, { replicas });
  const rules = new Map<string, StandingRule>();
  const entries = [...(await bucket.entries())].filter(([key]) => key.startsWith(prefix));
  const take = (key: string, value: unknown) => {
    const read = v.safeParse(RuleSchema, value);
    // A value that is no rule, which something else wrote, decides nothing.
    if (read.success && prefix + read.output.rule_id === key) rules.set(key, read.output);
    else rules.delete(key);
  };
  for (const [key, { value }] of entries) take(key, value);
  const following = followBucket(bus, {
    bucket: buckets.serve,
    keys: `${prefix}>`,
    from: Math.max(0, ...entries.map(([, { revision }]) => revision)) + 1,
    log,
    onChange: ({ key, value }) => take(key, value),
  });
  return {
    list: () => [...rules.values()].sort((a, b) => (a.made_at < b.made_at ? -1 : 1)),
    async add(rule) {
      await bucket.put(prefix + rule.rule_id, rule);
      rules.set(prefix + rule.rule_id, rule);
    },
    async remove(ruleId) {
      await bucket.delete(prefix + ruleId);
      rules.delete(prefix + ruleId);
    },
    stands: async (ruleId) => (await bucket.entry(prefix + ruleId)) !== undefined,
    stop: following.stop,
  };
}
