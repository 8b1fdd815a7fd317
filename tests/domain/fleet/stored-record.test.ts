import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import {
  isBehind,
  isHeartbeatAlone,
  isStoredRecord,
  withOwnBuckets,
} from "../../../src/domain/fleet/stored-record.ts";
import { ada } from "../../support/agents.ts";

const time = (s: number) => new Date(Date.parse("2026-05-03T12:00:00Z") + s * 1_000).toISOString();

function after(s: number, message: object = {}, record?: AgentRecord): AgentRecord {
  const beat = { status: "working", instance_id: "r1", ...message };
  return reduceAgent(record, { type: "heartbeat", id: ada, at: time(s), message: beat });
}
const known = after(0, { seq: 1 });
const withTask = reduceAgent(known, {
  ...{ type: "command", id: ada, at: time(1), stream_seq: 1 },
  message: { type: "task", payload: "dig", command_id: "t1" },
});

describe("isStoredRecord()", () => {
  test("takes what we write ourselves, as JSON brings it back, also with fields of a later version", () => {
    for (const record of [known, withTask, { ...known, of_tomorrow: { a: 1 } }]) {
      expect(isStoredRecord(JSON.parse(JSON.stringify(record)), "ada")).toBe(true);
    }
  });

  test("refuses a record of another agent", () => {
    expect(isStoredRecord(known, "bob")).toBe(false);
  });

  const [task] = withTask.commands;

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "ada"],
    ["a list", []],
    ["an empty object", {}],
    ["a time that is none", { ...known, first_seen: "yesterday" }],
    ["a sequence below 0", { ...known, audit_seq: -1 }],
    ["no list of orders", { ...known, commands: undefined }],
    ["half an order", { ...known, commands: [{ command_id: "t1" }] }],
    [
      "a receipt of no known state",
      { ...known, commands: [{ ...task, receipts: [{ state: "danced", at: time(0) }] }] },
    ],
    ["a heartbeat without a time", { ...known, heartbeat: { at: "never", interval_s: 15 } }],
    ["half a session", { ...known, session: { started_at: time(0) } }],
  ])("refuses %s", (_, value) => {
    expect(isStoredRecord(value, "ada")).toBe(false);
  });
});

describe("isHeartbeatAlone()", () => {
  test("is true of two records between which one more heartbeat came, and nothing else", () => {
    expect(isHeartbeatAlone(known, after(15, { seq: 2 }, known))).toBe(true);
    expect(isHeartbeatAlone(known, known)).toBe(true);
  });

  test.each([
    ["another status", after(15, { seq: 2, status: "idle" }, known)],
    ["another task", after(15, { seq: 2, current_task: "dig" }, known)],
    ["another run", after(100, { instance_id: "r2" }, known)],
    ["an order", withTask],
  ])("is false where there is %s as well", (_, next) => {
    expect(isHeartbeatAlone(known, next)).toBe(false);
  });
});

describe("isBehind()", () => {
  test("a record is not behind itself, nor behind an older one", () => {
    expect(isBehind(known, known)).toBe(false);
    expect(isBehind(withTask, known)).toBe(false);
    expect(isBehind(after(15, { seq: 2 }, known), known)).toBe(false);
  });

  test.each([
    ["an order", known, withTask],
    ["a report", known, { ...known, audit_seq: 5 }],
    ["a heartbeat by its number", known, after(0.5, { seq: 2 }, known)],
    ["a heartbeat of another run, by its time", known, after(100, { instance_id: "r2" }, known)],
    ["its first heartbeat", { ...known, heartbeat: undefined } as unknown as AgentRecord, known],
  ])("a record that lacks %s is behind", (_, stored, own) => {
    expect(isBehind(stored, own)).toBe(true);
  });

  test("heartbeats without numbers within a second are the same: the clocks of two machines differ by so much", () => {
    const first = after(0);
    expect(isBehind(first, after(1, {}, first))).toBe(false);
    expect(isBehind(first, after(1.001, {}, first))).toBe(true);
  });
});

describe("withOwnBuckets()", () => {
  const request = { request_id: "r1", kind: "question", summary: "left?", asked_at: time(0) } as const;
  const asking = { ...known, requests: [request] };

  test("keeps our own open requests, and all else as it is stored", () => {
    expect(withOwnBuckets(withTask, asking)).toEqual({ ...withTask, requests: [request] });
    expect(withOwnBuckets({ ...withTask, requests: [request] }, known)).toEqual(withTask);
    expect("requests" in withOwnBuckets(asking, known)).toBe(false);
  });

  test("is the stored record itself if both have the same requests", () => {
    const stored = { ...withTask, requests: [{ ...request }] };
    expect(withOwnBuckets(stored, asking)).toBe(stored);
    expect(withOwnBuckets(withTask, known)).toBe(withTask);
  });
});
