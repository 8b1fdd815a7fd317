/** @jsxImportSource hono/jsx */
// What changes on an open page of the standing rules: a rule is made, used, revoked, or has ended.
import type { Part } from "../changed-parts.ts";
import type { LiveFacts } from "../live/live-facts.ts";
import { RuleLists } from "./rules-page.tsx";

export function rulesParts(facts: LiveFacts): Part[] {
  const { rules } = facts.server;
  const part = <RuleLists rules={rules.list()} ended={rules.ended()} now={facts.now()} />;
  return [{ id: "rules", part, key: rulesVersion(facts) }];
}

export function rulesVersion({ server: { rules } }: LiveFacts): string {
  return JSON.stringify([rules.list(), rules.ended()]);
}
