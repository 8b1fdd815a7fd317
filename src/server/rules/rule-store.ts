// This room keeps the standing rules, and lets them decide permissions.
//
// Keeps each rule under a key of its own in the bucket `serve`, which no agent reaches; and for some time the rules that have ended, to be shown.
import * as v from "valibot";
import { type EndedRule, EndedRuleSchema } from "../../domain/rules/ended-rule.ts";
import { RuleSchema, type StandingRule } from "../../domain/rules/standing-rule.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openBucket } from "../../nats/jetstream/bucket.ts";
import { followBucket } from "../../nats/jetstream/follow-bucket.ts";

const prefix = "rule.";
const endedPrefix = "ended-rule.";
/** So many of the rules that have ended are kept; AUDIT has all. */
const endedKept = 30;

export interface RuleStore {
  /** The oldest first. */
  list(): readonly StandingRule[];
  add(rule: StandingRule): Promise<void>;
  /** The last that have ended, the newest first. */
  ended(): readonly EndedRule[];
  /** Removes the rule from those that stand. */
  end(rule: EndedRule): Promise<void>;
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
  const over = new Map<string, EndedRule>();
  const entries = [...(await bucket.entries())].filter(
    ([key]) => key.startsWith(prefix) || key.startsWith(endedPrefix),
  );
  const take = (key: string, value: unknown) => {
    // A value that is no rule, which something else wrote, decides nothing.
    if (key.startsWith(prefix)) keep(rules, key, prefix, v.safeParse(RuleSchema, value));
    else keep(over, key, endedPrefix, v.safeParse(EndedRuleSchema, value));
  };
  const ended = () => [...over.values()].sort((a, b) => (a.ended_at > b.ended_at ? -1 : 1));
  for (const [key, { value }] of entries) take(key, value);
  const from = Math.max(0, ...entries.map(([, { revision }]) => revision)) + 1;
  const followings = [prefix, endedPrefix].map((each) =>
    followBucket(bus, {
      bucket: buckets.serve,
      keys: `${each}>`,
      from,
      log,
      onChange: ({ key, value }) => take(key, value),
    }),
  );
  return {
    list: () => [...rules.values()].sort((a, b) => (a.made_at < b.made_at ? -1 : 1)),
    async add(rule) {
      await bucket.put(prefix + rule.rule_id, rule);
      rules.set(prefix + rule.rule_id, rule);
    },
    ended,
    async end(rule) {
      const { rule_id } = rule;
      await bucket.put(endedPrefix + rule_id, rule);
      over.set(endedPrefix + rule_id, rule);
      await bucket.delete(prefix + rule_id);
      rules.delete(prefix + rule_id);
      for (const old of ended().slice(endedKept)) {
        await bucket.erase(endedPrefix + old.rule_id);
        over.delete(endedPrefix + old.rule_id);
      }
    },
    stands: async (ruleId) => (await bucket.entry(prefix + ruleId)) !== undefined,
    async stop() {
      await Promise.all(followings.map(({ stop }) => stop()));
    },
  };
}

/** Keeps the rule that was read under its own key; of another value keeps none. */
function keep<Rule extends { readonly rule_id: string }>(
  map: Map<string, Rule>,
  key: string,
  before: string,
  read: { readonly success: true; readonly output: Rule } | { readonly success: false },
): void {
  if (read.success && before + read.output.rule_id === key) map.set(key, read.output);
  else map.delete(key);
}
