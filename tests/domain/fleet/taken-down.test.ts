import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { lastRunOf } from "../../../src/domain/fleet/evidence-that-counts.ts";
import { type FleetEvent, reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { hasRunEnded } from "../../../src/domain/fleet/runs.ts";
import { takenDownReason, wasTakenDown } from "../../../src/domain/fleet/taken-down.ts";
import { ada } from "../../support/agents.ts";

const time = (s: number) => new Date(Date.parse("2026-05-03T12:00:00Z") + s * 1_000).toISOString();

const beat = (s: number, instance_id: string): FleetEvent => ({
  ...{ type: "heartbeat", id: ada, at: time(s), message: { status: "working", instance_id } },
});
const stop = (s: number, run: string, reason: string): FleetEvent => ({
  ...{ type: "command", id: ada, at: time(s), stream_seq: s },
  message: {
    ...{ command_id: `stop-${s}`, type: "stop", from: "me", run, payload: { reason }, timestamp: time(s) },
    expires_at: time(s + 300),
  },
});
const goodbye = (s: number, instance_id: string): FleetEvent => ({
  ...{ type: "status", id: ada, at: time(s), audit_seq: s, message: { status: "stopped", instance_id } },
});
const after = (...events: FleetEvent[]) =>
  events.reduce<AgentRecord | undefined>(reduceAgent, undefined) as AgentRecord;

// This serve has heard the heartbeats of r1, and was not there for those of r2.
const unheardRun = [beat(0, "r1"), stop(60, "r2", takenDownReason), goodbye(61, "r2")];

describe("wasTakenDown()", () => {
  test.each([
    ["a stop of down --agents", [beat(0, "r1"), stop(5, "r1", takenDownReason), goodbye(6, "r1")], true],
    ["that stop, for a run whose heartbeats were not heard", unheardRun, true],
    [
      "that stop, read after its goodbye",
      [beat(0, "r1"), goodbye(61, "r2"), stop(60, "r2", takenDownReason)],
      true,
    ],
    ["a stop of a person", [beat(0, "r1"), stop(5, "r1", "enough"), goodbye(6, "r1")], false],
    [
      "that stop, for an earlier run",
      [stop(5, "r1", takenDownReason), beat(20, "r2"), goodbye(26, "r2")],
      false,
    ],
    ["that stop, and a run since", [...unheardRun, beat(80, "r3")], false],
  ])("%s", (_, events, expected) => {
    expect(wasTakenDown(after(...events))).toBe(expected);
  });
});

test("a run that is known by its goodbye alone was the last one, and has ended", () => {
  const record = after(...unheardRun);
  expect(lastRunOf(record)).toBe("r2");
  expect(hasRunEnded(record, "r2", time(30))).toBe(true);
  expect(lastRunOf(after(...unheardRun, beat(80, "r3")))).toBe("r3");
});
