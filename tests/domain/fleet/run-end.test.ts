import { describe, expect, test } from "bun:test";
import { type AgentRecord, inboxOf } from "../../../src/domain/fleet/agent-record.ts";
import { type FleetEvent, reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { awaitsResume, failedWithSession, isCutOff, standingOf } from "../../../src/domain/fleet/run-end.ts";
import {
  type CommandRecord,
  isSettled,
  isTaken,
  isToBeKept,
  isWaiting,
} from "../../../src/domain/receipts.ts";
import type { ReceiptState } from "../../../src/domain/wire/messages.ts";
import { ada as id } from "../../support/agents.ts";

let seq = 0;
const at = () => new Date(Date.parse("2026-01-01T00:00:00.000Z") + seq * 1_000).toISOString();
const next = () => {
  seq += 1;
  return { id, at: at() };
};

const beat = (instance_id: string, session_id?: string): FleetEvent => ({
  ...next(),
  type: "heartbeat",
  message: { instance_id, status: "idle", ...(session_id === undefined ? {} : { session_id }) },
});
const connected = (instance_id: string): FleetEvent => {
  const { at: now } = next();
  const connection = { isUp: true, at: now, client: instance_id, started_at: now, instance_id };
  return { id, at: now, type: "connection", connection };
};
const disconnected = (instance_id: string): FleetEvent => {
  const { at: now } = next();
  const connection = { isUp: false, at: now, client: instance_id, started_at: now, instance_id };
  return { id, at: now, type: "connection", connection };
};
const call = (run: string): FleetEvent => ({ ...next(), type: "call", run });
const bye = (instance_id?: string, words = "exit code 1"): FleetEvent => ({
  ...next(),
  type: "status",
  audit_seq: seq,
  message: { status: "disconnected", message: words, ...(instance_id === undefined ? {} : { instance_id }) },
});
const order = (type: "task" | "pause" | "message"): FleetEvent =>
  type === "message"
    ? { ...next(), type, stream_seq: seq, message: { message_id: "c", from: "bob", to: id, text: "hi" } }
    : { ...next(), type: "command", stream_seq: seq, message: { type, command_id: "c", from: "eve" } };
const receipt = (state: ReceiptState, run?: string): FleetEvent => ({
  ...next(),
  type: "receipt",
  audit_seq: seq,
  message: { command_id: "c", state, ...(run === undefined ? {} : { run }) },
});

function recordAfter(events: readonly FleetEvent[]): AgentRecord {
  const record = events.reduce<AgentRecord | undefined>(reduceAgent, undefined);
  if (record === undefined) throw new Error("no events");
  return record;
}

/** What is said of the one order: whether it waits, is kept in the stream, is open for a resume, is settled. */
function standing(events: readonly FleetEvent[]) {
  const record = recordAfter(events);
  const [command] = record.commands as [CommandRecord];
  const found = {
    waits: isWaiting(command),
    kept: isToBeKept(command),
    open: awaitsResume(command),
    settled: isSettled(command),
  };
  expect(inboxOf(record).length > 0).toBe(found.waits);
  expect(isTaken(command)).toBe(!found.waits);
  const is = Object.entries(found).flatMap(([name, value]) => (value ? [name] : []));
  return [standingOf(command), ...is].join(" · ");
}

describe("the end of a run, for what was in its hands", () => {
  const handed = (type: "task" | "message", run?: string) => [
    beat("r1", "s1"),
    order(type),
    receipt("delivered"),
    receipt("injected", run),
  ];
  test.each<[string, () => FleetEvent[], string]>([
    ["a task that its run was handed is that run's", () => handed("task", "r1"), "injected · kept"],
    ["a message likewise, until it is seen", () => handed("message", "r1"), "injected · kept"],
    [
      "another run beside the one that is connected has no part in it, nor has its end",
      () => [connected("r1"), ...handed("task", "r1"), beat("r2", "s1"), bye("r2"), beat("r1", "s1")],
      "injected · kept",
    ],
    [
      "what such a run was handed waits again when it ends",
      () => [connected("r1"), beat("r1", "s1"), beat("r2"), ...handed("task", "r2").slice(1), bye("r2")],
      "injected, waits again · waits · kept",
    ],
    [
      "a receipt that names no run is the last word of a message",
      () => handed("message"),
      "injected · settled",
    ],
    ["and of a task", () => [...handed("task"), bye("r1"), beat("r2")], "injected"],
    [
      "after the goodbye of its run it waits again",
      () => [...handed("task", "r1"), bye("r1")],
      "injected, waits again · waits · kept",
    ],
    [
      "a message as well",
      () => [...handed("message", "r1"), bye("r1")],
      "injected, waits again · waits · kept",
    ],
    [
      "a goodbye that names no run is that of the last one heard",
      () => [...handed("task", "r1"), bye()],
      "injected, waits again · waits · kept",
    ],
    [
      "the goodbye of another run says nothing of it",
      () => [...handed("task", "r1"), bye("r0")],
      "injected · kept",
    ],
    [
      "a receipt that is stored after the goodbye of its run waits again as well",
      () => [beat("r1"), order("task"), bye("r1"), receipt("injected", "r1")],
      "injected, waits again · waits · kept",
    ],
    [
      "the first heartbeat of another run tells of the end of the one before",
      () => [...handed("task", "r1"), beat("r2")],
      "injected, waits again · waits · kept",
    ],
    [
      "in the same session too: nothing has shown that the session has it",
      () => [...handed("task", "r1"), beat("r2", "s1")],
      "injected, waits again · waits · kept",
    ],
    [
      "a run that is heard of again has it still",
      () => [...handed("task", "r1"), beat("r2"), beat("r1")],
      "injected · kept",
    ],
    [
      "the next run that is handed it has it",
      () => [...handed("task", "r1"), bye("r1"), beat("r2"), receipt("injected", "r2")],
      "injected · kept",
    ],
    [
      "the run before is too late to show that it has it",
      () => [
        ...handed("task", "r1"),
        bye("r1"),
        beat("r2"),
        receipt("injected", "r2"),
        receipt("seen", "r1"),
      ],
      "injected · kept",
    ],
    [
      "but not to say how it ended",
      () => [
        ...handed("task", "r1"),
        bye("r1"),
        beat("r2"),
        receipt("injected", "r2"),
        receipt("applied", "r1"),
      ],
      "applied · settled",
    ],
    [
      "a receipt of the run before that is read after the heartbeat of the next says that it has it",
      () => [beat("r1"), order("task"), beat("r2"), receipt("injected", "r1")],
      "injected · kept",
    ],
    [
      "until the next run asks for its orders",
      () => [beat("r1"), order("task"), beat("r2"), receipt("injected", "r1"), call("r2")],
      "injected, waits again · waits · kept",
    ],
    [
      "likewise where nats-server reports the end of the run before only after the heartbeat of the next",
      () => [connected("r1"), ...handed("task", "r1"), beat("r2"), disconnected("r1"), call("r2")],
      "injected, waits again · waits · kept",
    ],
    [
      "a run beside the one that is connected asks in vain",
      () => [connected("r1"), ...handed("task", "r1"), beat("r2"), call("r2")],
      "injected · kept",
    ],
    [
      "so does one that another run has replaced, and one that was not heard",
      () => [...handed("task", "r1"), beat("r2"), receipt("injected", "r2"), call("r1"), call("r3")],
      "injected · kept",
    ],
    ["and the one that has it itself", () => [...handed("task", "r1"), call("r1")], "injected · kept"],
    [
      "a run that has said goodbye asks for nothing more",
      () => [beat("r1"), order("task"), beat("r2"), bye("r2"), receipt("injected", "r1"), call("r2")],
      "injected · kept",
    ],
    [
      "what was seen does not wait again",
      () => [
        beat("r1"),
        order("task"),
        beat("r2"),
        receipt("injected", "r1"),
        receipt("seen", "r1"),
        call("r2"),
      ],
      "seen",
    ],
    ["a task that was seen is taken", () => [...handed("task", "r1"), receipt("seen", "r1")], "seen"],
    [
      "it stays open when its run ends",
      () => [...handed("task", "r1"), receipt("seen", "r1"), bye("r1")],
      "seen, its session has ended · open",
    ],
    [
      "and when another session begins",
      () => [...handed("task", "r1"), receipt("seen", "r1"), beat("r2", "s2")],
      "seen, its session has ended · open",
    ],
    [
      "a run that goes on in its session has it",
      () => [...handed("task", "r1"), receipt("seen", "r1"), bye("r1"), beat("r2", "s1")],
      "seen",
    ],
    [
      "and its end opens it again",
      () => [...handed("task", "r1"), receipt("seen", "r1"), bye("r1"), beat("r2", "s1"), bye("r2")],
      "seen, its session has ended · open",
    ],
    [
      "a message that was seen is done with",
      () => [...handed("message", "r1"), receipt("seen", "r1"), bye("r1")],
      "seen · settled",
    ],
    [
      "what has failed stays so, whoever goes on with its session",
      () => [...handed("task", "r1"), receipt("seen", "r1"), bye("r1"), receipt("failed"), beat("r2", "s1")],
      "failed · settled",
    ],
  ])("%s", (_, events, expected) => {
    expect(standing(events())).toBe(expected);
  });

  test("a pause in the hands of a run is cut off with it, and waits for no other", () => {
    const events = [beat("r1"), order("pause"), receipt("injected", "r1")];
    const [before] = recordAfter(events).commands as [CommandRecord];
    expect([isCutOff(before), isWaiting(before)]).toEqual([false, false]);
    const after = recordAfter([...events, bye("r1")]);
    expect(after.commands.map((command) => [isCutOff(command), isWaiting(command)])).toEqual([[true, false]]);
    expect(recordAfter([...events, bye("r1"), receipt("failed")]).commands.some(isCutOff)).toBe(false);
  });

  const toldRun = (type: "pause" | "resume" | "stop", ...states: ReceiptState[]): FleetEvent[] => [
    beat("r1", "s1"),
    {
      ...next(),
      type: "command",
      stream_seq: seq,
      message: { type, command_id: "c", from: "eve", run: "r1" },
    },
    ...states.map((state) => receipt(state)),
  ];
  test.each<["pause" | "resume" | "stop", ReceiptState[]]>(
    (["pause", "resume", "stop"] as const).flatMap((type) =>
      [[], ["delivered"], ["delivered", "injected"], ["delivered", "injected", "seen"]].map(
        (states): ["pause" | "resume" | "stop", ReceiptState[]] => [type, states as ReceiptState[]],
      ),
    ),
  )("a %s that is told to a run, and is %j, is cut off by the goodbye of that run alone", (type, states) => {
    const events = toldRun(type, ...states);
    const isOff = (more: FleetEvent[]) => recordAfter([...events, ...more]).commands.map(isCutOff);
    expect(isOff([])).toEqual([false]);
    expect(isOff([bye("r0")])).toEqual([false]);
    expect(isOff([bye("r1")])).toEqual([true]);
    expect(isOff([bye("r1"), receipt("applied")])).toEqual([false]);
    // What no run has taken, the next one takes: a bridge that replaces its host, or one that refuses it.
    expect(isOff([beat("r2", "s1")])).toEqual([states.length > 0]);
  });

  test("so is one that is read only after the goodbye of its run, and one that names no run", () => {
    const [first, ...told] = toldRun("stop") as [FleetEvent, ...FleetEvent[]];
    expect(recordAfter([first, bye("r1"), ...told]).commands.map(isCutOff)).toEqual([true]);
    const unnamed = [beat("r1"), order("pause"), receipt("delivered")];
    expect(recordAfter(unnamed).commands.map(isCutOff)).toEqual([false]);
    expect(recordAfter([...unnamed, bye("r1")]).commands.map(isCutOff)).toEqual([true]);
  });

  test("what failed because its session had ended is known by that session", () => {
    const events = [...handed("task", "r1"), receipt("seen", "r1"), bye("r1"), receipt("failed")];
    const [command] = recordAfter(events).commands as [CommandRecord];
    expect([failedWithSession(command, "s1"), failedWithSession(command, "s2")]).toEqual([true, false]);
    const own = recordAfter([...handed("task", "r1"), receipt("seen", "r1"), receipt("failed"), bye("r1")]);
    expect(own.commands.some((each) => failedWithSession(each, "s1"))).toBe(false);
  });

  test("the same events a second time change nothing", () => {
    const events = [...handed("task", "r1"), receipt("seen", "r1"), bye("r1")];
    const record = recordAfter(events);
    const again = events.filter(({ type }) => type !== "heartbeat").reduce(reduceAgent, record);
    expect(again).toEqual(record);
  });

  test("of more messages than a record keeps, those that no run has shown to have stay", () => {
    const many = Array.from({ length: 50 }, (_, n): FleetEvent[] => [
      {
        ...next(),
        type: "message",
        stream_seq: seq,
        message: { message_id: `m${n}`, from: "bob", to: id, text: "hi" },
      },
      {
        ...next(),
        type: "receipt",
        audit_seq: seq,
        message: { command_id: `m${n}`, state: "injected", run: "r1" },
      },
    ]);
    expect(inboxOf(recordAfter([beat("r1"), ...many.flat(), bye("r1")])).length).toBe(50);
  });
});
