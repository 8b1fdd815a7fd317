import { expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { type FleetEvent, reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { askerFacts } from "../../../src/domain/rules/asker-facts.ts";
import { ada as id } from "../../support/agents.ts";

const time = (s: number) => new Date(Date.parse("2026-05-03T12:00:00Z") + s * 1_000).toISOString();
const first_seen = time(0);
const place = { config_name: "coder", project_path: "/work/shop", host: "mill" };
const known = { first_seen, ...place };

function beat(s: number, instance_id: string | undefined, more: object = place): FleetEvent {
  const run = instance_id === undefined ? {} : { instance_id };
  return { type: "heartbeat", id, at: time(s), message: { status: "working", ...run, ...more } };
}
function left(s: number, instance_id: string): FleetEvent {
  return { type: "status", id, at: time(s), audit_seq: s, message: { status: "disconnected", instance_id } };
}
const factsAfter = (run: string | undefined, ...events: FleetEvent[]) =>
  askerFacts({ run }, events.reduce<AgentRecord | undefined>(reduceAgent, undefined));

test("the profile, the project and the machine are those that the run which asks has reported", () => {
  expect(factsAfter("r1", beat(0, "r1"))).toEqual(known);
  expect(factsAfter("r1", beat(0, "r1"), beat(15, "r1", {}))).toEqual(known);
  expect(factsAfter("r2", beat(0, "r1"))).toEqual({ first_seen });
  expect(factsAfter(undefined, beat(0, "r1"))).toEqual({ first_seen });
  expect(factsAfter(undefined, beat(0, undefined))).toEqual({ first_seen });
  expect(askerFacts({ run: "r1" }, undefined)).toEqual({});
});

test("a run has nothing of the run before it until it has reported its own", () => {
  const without = [{}, { project_path: "/work/shop", host: "mill" }, { ...place, config_name: undefined }];
  for (const more of without) {
    expect(factsAfter("r2", beat(0, "r1"), left(1, "r1"), beat(2, "r2", more))).toEqual({ first_seen });
  }
  const told = { ...place, config_name: "reader" };
  const again = [beat(0, "r1"), left(1, "r1"), beat(2, "r2", {}), beat(3, "r2", told)];
  expect(factsAfter("r2", ...again)).toEqual({ ...known, config_name: "reader" });
});

test("a run has nothing of a run beside it, whose place it takes", () => {
  const beside = [beat(0, "r1"), beat(1, "r2", { ...place, config_name: "reader" }), left(2, "r2")];
  // The first is the agent's own again, and has not spoken since.
  expect(factsAfter("r1", ...beside)).toEqual({ first_seen });
  expect(factsAfter("r1", ...beside, beat(3, "r1"))).toEqual(known);
});
