import { expect, test } from "bun:test";
import { whyOver } from "../../../src/domain/rules/ended-rule.ts";
import type { StandingRule } from "../../../src/domain/rules/standing-rule.ts";
import { ago, beatOf, recordOf, saidOf } from "../../support/agent-records.ts";
import { ada } from "../../support/agents.ts";

const made = { made_by: "kim", made_at: ago(60), request_id: "q1" };
const known = recordOf({ agent_id: ada, heartbeat: { ...beatOf(5), instance_id: "run-1" } });
const agent_since = known.first_seen;
const session: StandingRule = {
  ...{
    rule_id: "r-1",
    tool: "Bash",
    input: "{}",
    scope: "session",
    agent_id: ada,
    agent_since,
    run: "run-1",
  },
  ...made,
};
const { run: _, ...withoutRun } = session;
const ofAgent: StandingRule = { ...withoutRun, scope: "agent", project: "/work", host: "mill" };
const ofProfile: StandingRule = {
  ...{
    rule_id: "r-2",
    tool: "Bash",
    input: "{}",
    scope: "profile",
    profile: "coder",
    project: "/",
    host: "mill",
  },
  ...made,
};
const ended = { ...known, said: { ...saidOf("stopped", 1), instance_id: "run-1" } };
const next = { ...known, heartbeat: { ...beatOf(1), instance_id: "run-2" } };

test.each([
  ["stands while its run lives", session, known, undefined],
  ["is over with a goodbye of its run", session, ended, "the run of ada has ended"],
  ["is over with the next run", session, next, "another run of ada has begun"],
  ["is over with its agent", session, undefined, "ada was removed"],
  ["of an agent outlives its runs", ofAgent, ended, undefined],
  [
    "of an agent is over when another one has its name",
    ofAgent,
    { ...known, first_seen: ago(1) },
    "ada was removed, and another agent has its name",
  ],
  ["of a profile has no agent", ofProfile, undefined, undefined],
] as const)("whyOver(): a rule %s", (_, rule, record, why) => {
  expect(whyOver(rule, record)).toBe(why as never);
});
