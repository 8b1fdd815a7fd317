import { expect, test } from "bun:test";
import { hasEnded } from "../../../src/cli/agents/agents-remove.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { ada } from "../../support/agents.ts";

const now = new Date("2026-01-01T05:00:00.000Z");
const ago = (s: number) => new Date(now.getTime() - s * 1000).toISOString();

test.each([
  ["ended", true],
  ["crashed", true],
  ["failed_to_start", true],
  ["stopped", true],
  ["disconnected", false],
  ["working", false],
])("hasEnded() of an agent that is %s: %p, and only if it was last heard of before", (status, isOver) => {
  const record = {
    ...{ agent_id: ada, first_seen: ago(9_000), last_seen: ago(60), commands: [] },
    ...{ audit_seq: 0, commands_seq: 0, heartbeat: { at: ago(61), interval_s: 60, instance_id: "i1" } },
    said: { status, at: ago(60), since: ago(60), source: "status" as const, instance_id: "i1" },
  };
  const view = viewAgent(record, now);
  expect([0, 60_000, 61_000].map((ms) => hasEnded(view, ms, now))).toEqual([isOver, isOver, false]);
});

test("hasEnded() of an agent that is silent, and may still run, is false", () => {
  const record = {
    ...{ agent_id: ada, first_seen: ago(9_000), last_seen: ago(8_000), commands: [] },
    ...{ audit_seq: 0, commands_seq: 0, heartbeat: { at: ago(8_000), interval_s: 15 } },
  };
  expect(hasEnded(viewAgent(record, now), 0, now)).toBe(false);
});
