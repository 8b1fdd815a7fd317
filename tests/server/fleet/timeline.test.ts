import { describe, expect, test } from "bun:test";
import type { FleetEvent } from "../../../src/domain/fleet/reduce-agent.ts";
import { createTimelines } from "../../../src/server/fleet/timeline.ts";
import { ada, bob } from "../../support/agents.ts";

const time = (s: number) => new Date(Date.parse("2026-05-03T12:00:00Z") + s * 1_000).toISOString();
type Rest<T> = T extends unknown ? Omit<T, "id" | "at"> : never;

function textsOf(...events: Rest<FleetEvent>[]) {
  const timelines = createTimelines();
  for (const [s, event] of events.entries()) timelines.add({ id: ada, at: time(s), ...event } as FleetEvent);
  return timelines.of(ada).map(({ kind, text }) => `${kind} | ${text}`);
}

describe("createTimelines()", () => {
  test("tells each kind of event in a few words", () => {
    const connection = { client: "c", started_at: time(0), instance_id: "r1", at: time(0) };
    expect(
      textsOf(
        { type: "connection", connection: { ...connection, isUp: true } },
        { type: "connection", connection: { ...connection, isUp: false, reason: "Client Closed" } },
        { type: "status", audit_seq: 1, message: { status: "working", message: "on it" } },
        { type: "status", audit_seq: 2, message: { status: "idle" } },
        { type: "event", audit_seq: 3, message: { kind: "tool_start", tool: "Bash", detail: "ls" } },
        { type: "event", audit_seq: 4, message: { kind: "progress", percent: 40, detail: "half" } },
        { type: "event", audit_seq: 5, message: { kind: "turn_failed", error: "usage_limit" } },
        { type: "receipt", audit_seq: 6, message: { command_id: "t1", state: "injected", route: "hook" } },
        { type: "receipt", audit_seq: 7, message: { command_id: "t1", state: "failed", detail: "no" } },
        {
          type: "command",
          stream_seq: 1,
          message: { type: "task", payload: "dig", from: "eve", command_id: "t1" },
        },
        { type: "command", stream_seq: 2, message: { type: "pause" } },
        { type: "shutdown", stream_seq: 3, message: { reason: "late" } },
        { type: "message", stream_seq: 4, message: { text: "hello", from: "bob" } },
      ),
    ).toEqual([
      "connection | connected",
      "connection | lost (Client Closed)",
      "status | working: on it",
      "status | idle",
      "tool_start | Bash ls",
      "progress | 40 % half",
      "turn_failed | usage_limit",
      "receipt | injected by hook t1",
      "receipt | failed t1: no",
      "task | from eve t1 dig",
      "pause | from unknown COMMANDS-2",
      "shutdown | late",
      "message | from bob: hello",
    ]);
  });

  test("heartbeats and the list of requests are no news", () => {
    expect(
      textsOf({ type: "heartbeat", message: { status: "idle" } }, { type: "requests", open: [] }),
    ).toEqual([]);
  });

  test("is in the order of the times, though two streams are read at once", () => {
    const timelines = createTimelines();
    for (const s of [1, 4, 2, 3, 0]) {
      timelines.add({ type: "status", id: ada, at: time(s), audit_seq: s, message: { status: `${s}` } });
    }
    expect(timelines.of(ada).map(({ text }) => text)).toEqual(["0", "1", "2", "3", "4"]);
  });

  test("keeps the last 100 of each agent, and those of one apart from another's", () => {
    const timelines = createTimelines();
    for (let s = 0; s < 130; s += 1) {
      timelines.add({ type: "status", id: ada, at: time(s), audit_seq: s, message: { status: `${s}` } });
    }
    timelines.add({ type: "status", id: bob, at: time(0), audit_seq: 200, message: { status: "idle" } });
    const texts = timelines.of(ada).map(({ text }) => text);
    expect([texts.length, texts[0], texts.at(-1)]).toEqual([100, "30", "129"]);
    expect(timelines.of(bob)).toHaveLength(1);
    timelines.remove(ada);
    expect([timelines.of(ada), timelines.of(bob).length]).toEqual([[], 1]);
  });
});
