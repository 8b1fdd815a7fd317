import { describe, expect, test } from "bun:test";
import type { AgentRecord, ConnectionEvidence } from "../../../src/domain/fleet/agent-record.ts";
import { type FleetEvent, reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import {
  afterRunEnded,
  isLateConnection,
  isRunConnected,
  isRunOver,
  otherRunOf,
  withLostConnections,
  withOtherConnection,
  withOtherRun,
  withoutOtherRun,
  withoutSilentRuns,
  withRun,
} from "../../../src/domain/fleet/runs.ts";
import { ada } from "../../support/agents.ts";

const time = (s: number) => new Date(Date.parse("2026-05-03T12:00:00Z") + s * 1_000).toISOString();

/** Silent after 45 s. */
function beat(s: number, instance_id: string, more: object = {}): FleetEvent {
  return { type: "heartbeat", id: ada, at: time(s), message: { status: "working", instance_id, ...more } };
}
function goodbye(s: number, instance_id: string): FleetEvent {
  const message = { status: "stopped", instance_id };
  return { type: "status", id: ada, at: time(s), audit_seq: s, message };
}
function connection(s: number, instance_id: string, isUp = true): ConnectionEvidence {
  return { isUp, at: time(s), client: `c-${instance_id}`, started_at: time(0), instance_id };
}
function joined(s: number, instance_id: string, isUp = true): FleetEvent {
  return { type: "connection", id: ada, at: time(s), connection: connection(s, instance_id, isUp) };
}
const after = (...events: FleetEvent[]) =>
  events.reduce<AgentRecord | undefined>(reduceAgent, undefined) as AgentRecord;
const runs = ({ heartbeat, other_runs = [] }: AgentRecord) => [
  heartbeat?.instance_id,
  ...other_runs.map(({ instance_id }) => instance_id),
];

const known = after(beat(0, "r1"));

describe("isRunOver()", () => {
  test.each([
    ["one that was just heard", known, 1, false],
    ["one that missed a heartbeat", known, 44, false],
    ["one that fell silent", known, 46, true],
    ["one that said goodbye", after(beat(0, "r1"), goodbye(1, "r1")), 2, true],
    ["one whose connection is gone", after(joined(0, "r1"), beat(0, "r1"), joined(1, "r1", false)), 2, true],
    [
      "one that was heard over another connection since",
      after(beat(0, "r1"), joined(1, "r1", false), beat(5, "r1")),
      6,
      false,
    ],
    ["none that was ever heard", after(joined(0, "r1")), 1, true],
  ])("of %s", (_, record, s, isOver) => {
    expect(isRunOver(record, time(s))).toBe(isOver);
  });
});

describe("isRunConnected()", () => {
  test("takes nats-server's word for the record's own run alone", () => {
    const connected = after(joined(0, "r1"), beat(0, "r1"));
    expect(isRunConnected(connected, time(1))).toBe(true);
    expect(isRunConnected(known, time(1))).toBe(false);
    expect(isRunConnected({ ...connected, connection: connection(0, "r2") }, time(1))).toBe(false);
    expect(isRunConnected(connected, time(3_600))).toBe(false);
  });
});

describe("withOtherRun()", () => {
  test("keeps each run once, and forgets those that are silent", () => {
    const heard = (s: number) => ({ at: time(s), interval_s: 15 });
    let record = withOtherRun(known, { instance_id: "r2", heartbeat: heard(0) }, time(0));
    record = withOtherRun(record, { instance_id: "r2", heartbeat: heard(10) }, time(10));
    expect(runs(record)).toEqual(["r1", "r2"]);
    expect(otherRunOf(record, "r2")?.heartbeat?.at).toBe(time(10));
    record = withOtherRun(record, { instance_id: "r3", heartbeat: heard(100) }, time(100));
    expect(runs(record)).toEqual(["r1", "r3"]);
  });

  test("of very many it keeps the last eight", () => {
    let record = known;
    for (let i = 0; i < 12; i += 1) {
      record = withOtherRun(
        record,
        { instance_id: `o${i}`, heartbeat: { at: time(1), interval_s: 15 } },
        time(1),
      );
    }
    expect(runs(record)).toEqual(["r1", ...Array.from({ length: 8 }, (_, i) => `o${i + 4}`)]);
  });
});

describe("withoutOtherRun() and withoutSilentRuns()", () => {
  const record = withOtherRun(
    known,
    { instance_id: "r2", heartbeat: { at: time(0), interval_s: 15 } },
    time(0),
  );

  test("leave no empty list behind, and the same record where nothing changes", () => {
    expect(withoutOtherRun(record, "r2")).not.toHaveProperty("other_runs");
    expect(withoutOtherRun(record, "r9")).toBe(record);
    expect(withoutSilentRuns(record, time(10))).toBe(record);
    expect(withoutSilentRuns(record, time(100))).not.toHaveProperty("other_runs");
    expect(withoutSilentRuns(known, time(100))).toBe(known);
  });
});

describe("withRun()", () => {
  test("the run before is kept beside the new one while it may still work", () => {
    const next = withRun(known, "r2", time(1));
    expect(runs(next)).toEqual([undefined, "r1"]);
    expect(otherRunOf(next, "r1")?.heartbeat).toEqual(known.heartbeat as never);
    // The new one's heartbeats may come without a word of their own.
    expect(next.said?.status).toBe("working");
  });

  test("a run that is over is not kept", () => {
    expect(runs(withRun(after(beat(0, "r1"), goodbye(1, "r1")), "r2", time(2)))).toEqual([undefined]);
    expect(runs(withRun(known, "r2", time(100)))).toEqual([undefined]);
  });

  test("a run that was known beside comes with all that was known of it", () => {
    const heartbeat = { at: time(5), interval_s: 15, instance_id: "r2", seq: 3 };
    const said = { status: "idle", at: time(5), since: time(5), source: "heartbeat" } as const;
    const other = {
      instance_id: "r2",
      heartbeat,
      said,
      run_started_at: time(4),
      connection: connection(4, "r2"),
    };
    const next = withRun(withOtherRun(known, other, time(5)), "r2", time(6));
    expect(runs(next)).toEqual(["r2", "r1"]);
    expect(next).toMatchObject({ heartbeat, said, run_started_at: time(4), connection: connection(4, "r2") });
  });
});

describe("afterRunEnded()", () => {
  const beside = (record: AgentRecord, s: number) =>
    withOtherRun(
      record,
      { instance_id: "r2", heartbeat: { at: time(s), interval_s: 15, instance_id: "r2" } },
      time(s),
    );

  test("the run that goes on is the agent's run now", () => {
    const ended = { ...after(beat(0, "r1"), joined(1, "r1", false)), connection: connection(2, "r1", false) };
    expect(runs(afterRunEnded(beside(ended, 2), time(3)))).toEqual(["r2"]);
  });

  test("nothing changes while the run lives, or where no other does", () => {
    const both = beside(known, 1);
    expect(afterRunEnded(both, time(2))).toBe(both);
    const alone = after(beat(0, "r1"), goodbye(1, "r1"));
    expect(afterRunEnded(alone, time(2))).toBe(alone);
  });

  test("after a stop another run counts only if it was heard of since the stopped one began", () => {
    const stopped = after(beat(10, "r1"), goodbye(11, "r1"));
    const before = beside(stopped, 9);
    expect(afterRunEnded(before, time(12))).toBe(before);
    expect(runs(afterRunEnded(beside(stopped, 11), time(12)))).toEqual(["r2"]);
  });
});

describe("withOtherConnection()", () => {
  test("a connection makes a run known, and its end ends that run alone", () => {
    const both = withOtherConnection(known, connection(1, "r2"));
    expect(runs(both)).toEqual(["r1", "r2"]);
    expect(runs(withOtherConnection(both, connection(2, "r2", false)))).toEqual(["r1"]);
    expect(withOtherConnection(known, connection(2, "r2", false))).toBe(known);
  });
});

describe("isLateConnection()", () => {
  const up = connection(5, "r1");

  test.each([
    ["the first news", undefined, up, false],
    ["the end of the known connection", up, { ...up, isUp: false }, false],
    ["the beginning of one that has ended", { ...up, isUp: false }, up, true],
    ["news of an older connection", up, { ...up, client: "older", started_at: time(-1) }, true],
    ["news of a newer connection", up, { ...up, client: "newer", started_at: time(1) }, false],
  ])("of %s", (_, before, next, isLate) => {
    expect(isLateConnection(before, next)).toBe(isLate);
  });
});

describe("withLostConnections()", () => {
  const up = (client: string, instance_id: string) => ({ ...connection(1, instance_id), client });
  const both: AgentRecord = {
    ...after(beat(0, "r1")),
    connection: up("old 7", "r1"),
    other_runs: [
      { instance_id: "r2", connection: up("old 8", "r2") },
      { instance_id: "r3", connection: up("new 1", "r3") },
    ],
  };

  test("marks what another nats-server has reported as open, for every run, and nothing else", () => {
    const { connection: own, other_runs, ...rest } = withLostConnections(both, "new");
    expect([own, other_runs]).toEqual([
      { ...up("old 7", "r1"), is_lost: true },
      [
        { instance_id: "r2", connection: { ...up("old 8", "r2"), is_lost: true } },
        { instance_id: "r3", connection: up("new 1", "r3") },
      ],
    ]);
    const { connection: _, other_runs: __, ...before } = both;
    expect(rest).toEqual(before);
  });

  test("a run whose connection is lost loses its place to the next one, in whatever order that one is heard; not if it is heard again", () => {
    const lost = withLostConnections({ ...known, connection: up("old 7", "r1") }, "new");
    const of = (...events: FleetEvent[]) => events.reduce<AgentRecord>(reduceAgent, lost);
    expect(isRunConnected(lost, time(1))).toBe(false);
    expect(runs(of(beat(1, "r2")))).toEqual(["r2", "r1"]);
    expect(runs(of(joined(1, "r2"), beat(2, "r2")))).toEqual(["r2", "r1"]);
    expect(runs(of(beat(1, "r1"), joined(2, "r2"), beat(3, "r2")))).toEqual(["r1", "r2"]);
    expect(of(beat(1, "r1")).connection).toBeUndefined();
  });

  test.each([
    ["of the nats-server that runs", { ...both, connection: up("new 2", "r1"), other_runs: [] }],
    ["that is gone", { ...both, connection: { ...up("old 7", "r1"), isUp: false }, other_runs: [] }],
    ["that nobody has reported", known],
  ])("a connection %s stays as it is", (_, record) => {
    expect(withLostConnections(record, "new")).toBe(record);
  });
});
