import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { type FleetEvent, reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { rewindRecord } from "../../../src/domain/fleet/rewind-record.ts";
import { ada } from "../../support/agents.ts";

const at = "2026-05-03T12:00:00.000Z";
const task = (stream_seq: number): FleetEvent => ({
  ...{ type: "command", id: ada, at, stream_seq },
  message: { type: "task", payload: "dig", command_id: `t${stream_seq}` },
});
const applied = (command_id: string, audit_seq: number): FleetEvent => ({
  ...{ type: "receipt", id: ada, at, audit_seq },
  message: { command_id, state: "applied" },
});
/** Three tasks, the second of which is done. */
const record = [task(1), task(2), task(3), applied("t2", 4)].reduce<AgentRecord | undefined>(
  reduceAgent,
  undefined,
) as AgentRecord;

describe("rewindRecord()", () => {
  test("leaves a record alone that no stream is shorter than", () => {
    const ends = { audit: 4, commands: 3 };
    expect(rewindRecord(record, ends)).toEqual({ record, lost: [] });
    expect(rewindRecord(record, ends).record).toBe(record);
  });

  test("names the orders that waited and are lost; one that is done is not lost with its message", () => {
    const { record: rewound, lost } = rewindRecord(record, { audit: 4, commands: 1 });
    expect(lost.map(({ command_id }) => command_id)).toEqual(["t3"]);
    expect(rewound.commands.map(({ command_id, stream_seq }) => [command_id, stream_seq])).toEqual([
      ["t1", 1],
      ["t2", 0],
      ["t3", 0],
    ]);
  });

  test("a new message at a lost place of the stream is taken in", () => {
    const { record: rewound } = rewindRecord(record, { audit: 4, commands: 1 });
    const next = reduceAgent(rewound, {
      ...{ type: "command", id: ada, at, stream_seq: 2 },
      message: { type: "task", payload: "another", command_id: "t9" },
    });
    expect(next.commands.map(({ command_id }) => command_id)).toContain("t9");
    // Without that, it would be taken for one that is known.
    const untold = reduceAgent(record, {
      ...{ type: "command", id: ada, at, stream_seq: 2 },
      message: { type: "task", payload: "another", command_id: "t9" },
    });
    expect(untold).toBe(record);
  });

  test("an order that was lost is named again until it has an end; one that a run was handed, once it waits again", () => {
    const ends = { audit: 4, commands: 1 };
    const { record: rewound } = rewindRecord(record, ends);
    expect(rewindRecord(rewound, ends).lost.map(({ command_id }) => command_id)).toEqual(["t3"]);
    const failed = reduceAgent(rewound, {
      ...{ type: "receipt", id: ada, at, audit_seq: 5 },
      message: { command_id: "t3", state: "failed" },
    });
    expect(rewindRecord(failed, { ...ends, audit: 5 }).lost).toEqual([]);

    const handed = { command_id: "t3", state: "injected", run: "one" } as const;
    const taken = reduceAgent(record, {
      ...{ type: "receipt", id: ada, at, audit_seq: 5 },
      message: handed,
    });
    const after = rewindRecord(taken, { audit: 5, commands: 1 });
    expect(after.lost).toEqual([]);
    const over = reduceAgent(after.record, {
      ...{ type: "status", id: ada, at, audit_seq: 6 },
      message: { status: "disconnected", instance_id: "one" },
    });
    expect(rewindRecord(over, { audit: 6, commands: 1 }).lost.map(({ command_id }) => command_id)).toEqual([
      "t3",
    ]);
  });

  test("reports count from the end of AUDIT as well, without touching the orders", () => {
    const { record: rewound, lost } = rewindRecord(record, { audit: 1, commands: 3 });
    expect([rewound.audit_seq, rewound.commands_seq, lost]).toEqual([1, 3, []]);
    expect(rewound.commands).toEqual(record.commands);
  });
});
