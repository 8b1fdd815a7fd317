import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../src/domain/fleet/agent-record.ts";
import { type FleetEvent, reduceAgent } from "../../src/domain/fleet/reduce-agent.ts";
import { refuseStopped, requireTaker, runOf, takes } from "../../src/server/order-target.ts";
import { ada } from "../support/agents.ts";

const time = (s: number) => new Date(Date.parse("2026-05-03T12:00:00Z") + s * 1_000).toISOString();
const at = (s: number) => new Date(time(s));

function beat(s: number, instance_id = "r1"): FleetEvent {
  return {
    type: "heartbeat",
    id: ada,
    at: time(s),
    message: { status: "working", instance_id, agent_cli: "claude" },
  };
}
function said(s: number, status: string, message?: string): FleetEvent {
  const report = { status, message, instance_id: "r1" };
  return { type: "status", id: ada, at: time(s), audit_seq: s, message: report };
}
const after = (...events: FleetEvent[]) =>
  events.reduce<AgentRecord | undefined>(reduceAgent, undefined) as AgentRecord;

const online = after(beat(0));
const stopped = after(beat(0), said(1, "stopped", "stop by eve"));
const ended = after(beat(0), said(1, "ended"));
const crashed = after(beat(0), said(1, "crashed", "SIGKILL"));
const announced = after({
  ...{ type: "command", id: ada, at: time(0), stream_seq: 1 },
  message: { type: "task", payload: "dig", command_id: "t1" },
});

describe("runOf()", () => {
  test.each(["stop", "pause", "resume", "shutdown"] as const)(
    "a %s is for the run that the agent has now",
    (type) => {
      expect(runOf(type, online, at(1))).toEqual({ run: "r1" });
      // A silent one may only be unreachable.
      expect(runOf(type, online, at(3_600))).toEqual({ run: "r1" });
      expect(runOf(type, stopped, at(2))).toEqual({});
      expect(runOf(type, undefined, at(1))).toEqual({});
    },
  );

  test.each(["task", "message"] as const)("a %s is for the agent, whichever run it has", (type) => {
    expect(runOf(type, online, at(1))).toEqual({});
  });

  test("where heartbeats name no run there is none to bind to", () => {
    const plain = after({ type: "heartbeat", id: ada, at: time(0), message: { status: "idle" } });
    expect(runOf("stop", plain, at(1))).toEqual({});
  });
});

describe("takes()", () => {
  test.each([
    ["online", online, true, true],
    ["stopped by a person", stopped, false, false],
    ["at the end of its work", ended, false, false],
    ["crashed", crashed, false, true],
    ["never seen", announced, false, true],
  ] as const)("of an agent that is %s: what is for a run, and what may wait", (_, record, control, work) => {
    expect(takes("pause", record, at(2))).toBe(control);
    expect(takes("task", record, at(2))).toBe(work);
    expect(takes("message", record, at(2))).toBe(work);
  });
});

describe("requireTaker()", () => {
  const errorOf = (type: "pause" | "task", record: AgentRecord) => {
    try {
      requireTaker(type, record, at(2));
      return undefined;
    } catch (error) {
      return error as { code: string; message: string; hint: string };
    }
  };

  test("refuses a control order to one that does not run: since when, why, and how it is started again", () => {
    const error = errorOf("pause", crashed);
    expect(error).toMatchObject({ code: "refused", hint: "start it again: cliai resume ada" });
    expect(error?.message).toStartWith("ada has not run since 2026-05-03T12:00:01.000Z (");
    expect(error?.message).toEndWith("): it cannot take a pause");
    expect(errorOf("pause", announced)?.message).toStartWith("ada is not running (");
  });

  test("refuses work to one that was stopped or has ended, in its own words", () => {
    expect(errorOf("task", stopped)?.message).toBe(
      "ada was stopped at 2026-05-03T12:00:01.000Z (stop by eve): it takes no work",
    );
    expect(errorOf("task", ended)?.message).toBe(
      "ada ended its work at 2026-05-03T12:00:01.000Z: it takes no work",
    );
  });

  test("lets through what may be taken, now or later", () => {
    expect([errorOf("pause", online), errorOf("task", online), errorOf("task", crashed)]).toEqual([
      ...[undefined, undefined, undefined],
    ]);
  });
});

describe("refuseStopped()", () => {
  test("a goodbye of an earlier run says nothing of the one that works now", () => {
    expect(() => refuseStopped(stopped)).toThrow("ada was stopped");
    const again = reduceAgent(stopped, beat(10, "r2"));
    expect(() => refuseStopped(again)).not.toThrow();
  });
});
